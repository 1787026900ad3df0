"""tenantctl beside a running app on flask-tenants' tables, in both shapes of them."""

import json

import pytest

from conftest import populate
from support.visitors import visiting

TABLES = """\
-- migrate:up
CREATE TABLE tanks (
  id serial PRIMARY KEY, name varchar(128), capacity double precision, location varchar(255)
);
CREATE TABLE fish (
  id serial PRIMARY KEY, tank_id integer NOT NULL REFERENCES tanks (id), species varchar(128) NOT NULL
);
CREATE INDEX ix_tenant_fish_tank_id ON fish (tank_id);
-- migrate:down
DROP TABLE fish;
DROP TABLE tanks;
"""
COLOUR = """\
-- migrate:up
ALTER TABLE fish ADD COLUMN colour text NOT NULL DEFAULT 'orange';
-- migrate:down
ALTER TABLE fish DROP COLUMN colour;
"""

readme_only = pytest.mark.parametrize("flask_app", ["readme"], indirect=True)
base_only = pytest.mark.parametrize("flask_app", ["base"], indirect=True)


@pytest.fixture(autouse=True)
def migrations(tenantctl, flask_app):
    assert flask_app.tenants() == []
    tenantctl("init")
    tenantctl.migration("20261101000000_tables", TABLES)


# Tenants that tenantctl makes


def test_a_new_tenant_is_served_at_once(tenantctl, flask_app):
    assert flask_app.tanks("acme").status == 404
    tenantctl("create acme --domain acme.example.com")
    assert flask_app.tanks("acme") == (200, [])
    flask_app.fill("acme", "seahorse")
    assert flask_app.tanks("acme") == (200, ["seahorse in the tank of acme"])
    assert flask_app.tenants() == ["acme"]


def test_its_tables_are_those_that_the_app_would_make(tenantctl, flask_app, database):
    tenantctl("create ours")
    flask_app.sign_up("theirs")
    assert database.dump("ours") == database.dump("theirs")


@readme_only
def test_one_that_begins_deactivated_is_served_when_it_is_activated(tenantctl, flask_app):
    tenantctl("create acme --deactivated")
    assert flask_app.tanks("acme").status == 404
    tenantctl("activate acme")
    assert flask_app.tanks("acme") == (200, [])


@readme_only
def test_the_app_may_rename_and_drop_it(tenantctl, flask_app):
    tenantctl("create acme --domain acme.example.com")
    flask_app.change("acme", name="reef")
    assert [tenant["name"] for tenant in tenantctl.json("list")] == ["reef"]
    assert tenantctl.json("show reef")["domains"] == ["acme.example.com"]
    # The ledger lives in the schema, so it has gone with it.
    assert tenantctl.run("status reef --check").returncode == 0
    flask_app.delete("reef")
    assert tenantctl.json("list") == []
    assert tenantctl.run("show reef").returncode == 3


def test_a_name_that_the_app_could_not_serve_is_refused(tenantctl, database):
    # The app's unquoted search path would look for it in `acme`, and then find public's tables.
    assert tenantctl.run("create Acme").returncode == 2
    assert tenantctl.run("create acme-corp").returncode == 2
    assert database.schemas() == []


def test_a_name_with_an_underscore_is_no_host_name_to_flask(tenantctl, flask_app):
    tenantctl("create acme_inc")
    # Werkzeug since 3.1 takes such a Host header for none at all, and the app serves its public pages.
    assert flask_app.request("GET", "acme_inc.example.com", "/tenants") == (200, ["acme_inc"])


# Tenants that the app has made


def test_they_are_listed_and_shown(tenantctl, flask_app):
    populate(flask_app, ["acme", "reef"])
    assert [tenant["name"] for tenant in tenantctl.json("list")] == ["acme", "reef"]
    acme = tenantctl.json("show acme")
    assert acme["schema"] == "acme" and acme["active"]
    assert acme["domains"] == ["acme.example.com"] and acme["primary_domain"] == "acme.example.com"
    assert tenantctl("resolve acme.example.com").startswith("acme.example.com is served by tenant acme")


def test_they_are_migrated_while_the_app_serves_them(tenantctl, flask_app, database):
    populate(flask_app, ["acme", "reef"])
    tenantctl.migration("20261102000000_colour", COLOUR)
    tenantctl("adopt --all --version 20261101000000")
    tenantctl("migrate --all")
    assert database.query("SELECT species, colour FROM acme.fish") == [("a fish of acme", "orange")]
    assert flask_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])
    tenantctl("rollback --all --yes")
    assert flask_app.tanks("reef") == (200, ["a fish of reef in the tank of reef"])


def test_a_rename_shows_at_the_next_request(tenantctl, flask_app, database):
    populate(flask_app, ["acme", "reef"])
    tenantctl("rename acme lagoon")
    assert flask_app.tanks("acme").status == 404
    assert flask_app.tanks("lagoon") == (200, ["a fish of acme in the tank of acme"])
    assert flask_app.tanks("reef") == (200, ["a fish of reef in the tank of reef"])
    assert database.query("SELECT tenant_name FROM domains WHERE domain_name = 'acme.example.com'") == [("lagoon",)]


@readme_only
def test_a_deactivation_shows_at_the_next_request(tenantctl, flask_app):
    populate(flask_app, ["acme", "reef"])
    tenantctl("deactivate acme")
    assert flask_app.tanks("acme").status == 404
    assert flask_app.tanks("reef").status == 200
    tenantctl("activate acme")
    assert flask_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])


@readme_only
def test_a_deactivation_by_the_app_is_seen(tenantctl, flask_app):
    populate(flask_app, ["acme", "reef"])
    flask_app.change("acme", deactivated=True)
    assert tenantctl("list --deactivated --quiet") == "acme\n"
    assert tenantctl.run("resolve acme.example.com").returncode == 4


@base_only
def test_without_the_column_there_is_no_deactivation(tenantctl, flask_app):
    populate(flask_app, ["acme"])
    refused = tenantctl.run("deactivate acme")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "deactivated" in refused.stderr and "hint: " in refused.stderr
    assert flask_app.tanks("acme").status == 200


@base_only
def test_the_column_may_be_added_under_the_running_app(tenantctl, flask_app):
    populate(flask_app, ["acme"])
    tenantctl("init --upgrade --yes")
    # The app's inserts know nothing of the column, which has a default therefore.
    populate(flask_app, ["reef"])
    tenantctl("deactivate acme")
    assert tenantctl("list --deactivated --quiet") == "acme\n"
    # Nor does its model, so it is served until the app's next release has the attribute.
    assert flask_app.tanks("acme").status == 200


def test_a_drop_shows_at_the_next_request(tenantctl, flask_app, database):
    populate(flask_app, ["acme", "reef"])
    tenantctl("drop acme --yes")
    assert flask_app.tanks("acme").status == 404
    assert flask_app.tanks("reef").status == 200
    assert (flask_app.tenants(), database.schemas()) == (["reef"], ["reef"])
    # Nothing of it is left that could stand in a new customer's way, or be shown to them.
    flask_app.sign_up("acme")
    assert flask_app.tanks("acme") == (200, [])


def test_domains_are_kept_and_not_used_by_the_app(tenantctl, flask_app):
    populate(flask_app, ["acme"])
    tenantctl("domain add acme aquarium.acme.com --primary")
    assert tenantctl.json("show acme")["primary_domain"] == "aquarium.acme.com"
    # It routes by the first label, as flask-tenants does.
    assert flask_app.request("GET", "aquarium.acme.com", "/tanks").status == 404
    assert flask_app.request("GET", "acme.anything.org", "/tanks").status == 200


def test_a_schema_whose_row_has_failed_is_not_given_to_somebody_else(tenantctl, flask_app, database):
    # The app commits the schema on its own, and then the row does not fit.
    assert flask_app.request("POST", "www.example.com", "/tenants", {"name": "acme", "updated_at": "x"}).status == 500
    assert (flask_app.tenants(), database.schemas()) == ([], ["acme"])
    refused = tenantctl.run("create acme")
    assert refused.returncode == 4 and "schema" in refused.stderr


@base_only
def test_doctor_tells_what_a_failed_rename_of_the_app_has_left(tenantctl, flask_app, database):
    populate(flask_app, ["acme", "reef"])
    tenantctl("adopt --all --version 20261101000000")
    assert tenantctl("doctor") == "2 tenants: no problems found\n"
    # The schema is renamed and committed; then the foreign key on the tenant's name refuses the row's.
    assert flask_app.request("PATCH", "www.example.com", "/tenants/acme", {"name": "lagoon"}).status == 500
    ill = tenantctl.run("doctor --format json")
    assert ill.returncode == 1
    found = {(finding["code"], finding["subject"].split()[0]) for finding in json.loads(ill.stdout)["findings"]}
    assert found == {("schema_missing", "acme"), ("schema_without_tenant", "lagoon")}
    # What holds the tenant's data is not called a left-over.
    text = tenantctl.run("doctor").stdout
    assert text.count('ALTER SCHEMA "lagoon" RENAME TO "acme"') == 2 and "DROP" not in text and "drop acme" not in text
    # The others are not concerned, and the way back is one statement.
    assert flask_app.tanks("reef").status == 200
    database.query("ALTER SCHEMA lagoon RENAME TO acme")
    tenantctl("doctor")
    assert flask_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])


# A fleet of its own


@readme_only
def test_two_hundred_tenants_are_served_throughout(tenantctl, flask_app, database):
    names = [f"t{number:03}" for number in range(1, 201)]
    populate(flask_app, names)
    database.query("ALTER TABLE t200.fish ADD COLUMN nickname text")
    tenantctl.migration("20261102000000_colour", COLOUR)
    with visiting(flask_app, names[4:]):
        before = database.dump("public")
        assert "found flask-tenants' registry: public.tenants (200 tenants)" in tenantctl("init")
        assert database.dump("public") == before
        tenantctl("adopt t001 --version 20261101000000")
        adopted = tenantctl.run("adopt --all --like t001")
        assert adopted.returncode == 5
        assert "adopted 198 tenants, 1 already had a ledger, 1 failed" in adopted.stdout
        assert "t200" in adopted.stderr and "nickname" in adopted.stderr
        tenantctl("adopt t200 --version 20261101000000")
        tenantctl("migrate --all")
        assert database.query("SELECT colour FROM t200.fish") == [("orange",)]
        tenantctl("deactivate t001")
        assert flask_app.tanks("t001").status == 404
        tenantctl("rename t002 lagoon")
        assert flask_app.tanks("t002").status == 404
        assert flask_app.tanks("lagoon") == (200, ["a fish of t002 in the tank of t002"])
        tenantctl("domain add t003 aquarium.t003.com")
        assert flask_app.tanks("t003") == (200, ["a fish of t003 in the tank of t003"])
        tenantctl("drop t004 --yes")
        assert flask_app.tanks("t004").status == 404
    assert tenantctl.run("status --all --check").returncode == 0
    assert flask_app.tenants() == sorted(["t001", "lagoon", "t003", *names[4:]]) == database.schemas()
