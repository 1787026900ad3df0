"""tenantctl beside a running django-tenants project, whose own migrations make the tenants' tables."""

import pytest

from conftest import populate
from support.visitors import visiting

# What Client wants to know of a new tenant, and has no default for in the database.
FIELDS = "--set name=Acme --set paid_until=2027-01-01"
SPECIES = """\
-- migrate:up
CREATE INDEX tanks_fish_species ON tanks_fish (species);
-- migrate:down
DROP INDEX tanks_fish_species;
"""
COLOUR = """\
-- migrate:up
ALTER TABLE tanks_fish ADD COLUMN colour text NOT NULL DEFAULT 'orange';
-- migrate:down
ALTER TABLE tanks_fish DROP COLUMN colour;
"""


@pytest.fixture(autouse=True)
def registry(tenantctl, django_app):
    # It finds the two tables by their columns, and writes down what they are called.
    assert tenantctl("init").startswith("found django-tenants' registry: public.customers_client")


# Tenants that tenantctl makes


def test_a_new_tenant_gets_its_tables_from_migrate_schemas(tenantctl, django_app, manage, database):
    assert django_app.tanks("acme").status == 404
    tenantctl(f"create acme {FIELDS} --domain acme.example.com")
    manage("migrate_schemas", "--schema=acme")
    assert django_app.tanks("acme") == (200, [])
    django_app.fill("acme", "seahorse")
    assert django_app.tanks("acme") == (200, ["seahorse in the tank of acme"])
    assert django_app.tenants() == ["acme"]
    django_app.sign_up("theirs")
    assert database.dump("acme") == database.dump("theirs")


def test_all_that_the_project_wants_to_know_is_asked_for_at_once(tenantctl, django_app, database):
    refused = tenantctl.run("create acme")
    assert refused.returncode == 2
    # `created_on` is filled like any column that says when a row was made.
    assert "requires values for name, paid_until\n" in refused.stderr
    assert (django_app.tenants(), database.schemas()) == ([], [])


def test_one_that_begins_deactivated_is_served_when_it_is_activated(tenantctl, django_app, manage):
    tenantctl(f"create acme {FIELDS} --domain acme.example.com --deactivated")
    manage("migrate_schemas", "--schema=acme")
    assert django_app.tanks("acme").status == 404
    tenantctl("activate acme")
    assert django_app.tanks("acme") == (200, [])


def test_the_project_may_rename_and_drop_it(tenantctl, django_app, manage, database):
    tenantctl(f"create acme {FIELDS} --domain acme.example.com")
    manage("migrate_schemas", "--schema=acme")
    manage("rename_schema", "--rename_from=acme", "--rename_to=reef")
    assert tenantctl.json("show reef")["domains"] == ["acme.example.com"]
    assert tenantctl.run("show acme").returncode == 3
    manage("delete_tenant", "--schema=reef", "--noinput")
    assert tenantctl.run("show reef").returncode == 3
    assert database.schemas() == []


# Tenants that the project has made


def test_they_are_listed_and_shown(tenantctl, django_app):
    populate(django_app, ["acme", "reef"])
    # django-tenants keeps a row for the shared schema, which is no tenant.
    assert [tenant["name"] for tenant in tenantctl.json("list")] == ["acme", "reef"]
    acme = tenantctl.json("show acme")
    assert acme["schema"] == "acme" and acme["active"]
    assert acme["domains"] == ["acme.example.com"] and acme["primary_domain"] == "acme.example.com"
    assert (acme["columns"]["name"], acme["columns"]["paid_until"]) == ("Acme", "2027-01-01")


def test_sql_migrations_and_the_projects_own_go_side_by_side(tenantctl, django_app, manage, database):
    populate(django_app, ["acme", "reef"])
    tenantctl.migration("20261101000000_colour", COLOUR)
    tenantctl("migrate --all")
    assert database.query("SELECT species, colour FROM acme.tanks_fish") == [("a fish of acme", "orange")]
    assert django_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])
    manage("migrate_schemas", "tanks", "0001", "--tenant")
    manage("migrate_schemas")
    assert [name for (name,) in database.query("SELECT name FROM reef.django_migrations WHERE app = 'tanks'")] == [
        "0001_initial",
        "0002_tank_name",
    ]
    tenantctl("rollback --all --yes")
    assert django_app.tanks("reef") == (200, ["a fish of reef in the tank of reef"])


def test_a_rename_keeps_the_domains(tenantctl, django_app, manage, database):
    populate(django_app, ["acme", "reef"])
    tenantctl("rename acme lagoon")
    # django-tenants routes by the domains, and a rename leaves them alone.
    assert django_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])
    assert django_app.tanks("reef") == (200, ["a fish of reef in the tank of reef"])
    assert (django_app.tenants(), database.schemas()) == (["lagoon", "reef"], ["lagoon", "reef"])
    manage("migrate_schemas", "--schema=lagoon")


def test_a_deactivation_shows_at_the_next_request(tenantctl, django_app):
    populate(django_app, ["acme", "reef"])
    tenantctl("deactivate acme")
    assert django_app.tanks("acme").status == 404
    assert django_app.tanks("reef").status == 200
    assert tenantctl("list --deactivated --quiet") == "acme\n"
    tenantctl("activate acme")
    assert django_app.tanks("acme") == (200, ["a fish of acme in the tank of acme"])


def test_domains_show_at_the_next_request(tenantctl, django_app):
    populate(django_app, ["acme"])
    visit = lambda: django_app.request("GET", "aquarium.acme.com", "/tanks")
    assert visit().status == 404
    tenantctl("domain add acme aquarium.acme.com --primary")
    assert visit() == (200, ["a fish of acme in the tank of acme"])
    assert tenantctl("resolve aquarium.acme.com").startswith("aquarium.acme.com is served by tenant acme")
    tenantctl("domain primary acme.example.com")
    tenantctl("domain remove aquarium.acme.com")
    assert visit().status == 404


def test_a_drop_shows_at_the_next_request(tenantctl, django_app, database):
    populate(django_app, ["acme", "reef"])
    tenantctl("drop acme --yes")
    assert django_app.tanks("acme").status == 404
    assert django_app.tanks("reef").status == 200
    assert (django_app.tenants(), database.schemas()) == (["reef"], ["reef"])
    django_app.sign_up("acme")
    assert django_app.tanks("acme") == (200, [])


# A fleet of its own


def test_two_hundred_tenants_are_served_throughout(tenantctl, django_app, manage, database):
    names = [f"t{number:03}" for number in range(1, 201)]
    populate(django_app, names)
    manage("migrate_schemas", "tanks", "0001", "--tenant", "-v0")
    # Somebody has done this by hand, and not for the last one.
    for name in names[:-1]:
        database.query(f"SET search_path TO {name}; CREATE INDEX tanks_fish_species ON tanks_fish (species)")
    tenantctl.migration("20261101000000_species", SPECIES)
    tenantctl.migration("20261102000000_colour", COLOUR)
    with visiting(django_app, names[4:], pause=0.05):
        before = database.dump("public")
        assert "public.customers_client (200 tenants)" in tenantctl("init")
        assert database.dump("public") == before
        tenantctl("adopt t001 --version 20261101000000")
        adopted = tenantctl.run("adopt --all --like t001")
        assert adopted.returncode == 5
        assert "adopted 198 tenants, 1 already had a ledger, 1 failed" in adopted.stdout
        assert "t200" in adopted.stderr and "tanks_fish_species" in adopted.stderr
        tenantctl("migrate --all")
        assert database.query("SELECT colour FROM t200.tanks_fish") == [("orange",)]
        tenantctl("deactivate t001")
        assert django_app.tanks("t001").status == 404
        tenantctl("rename t002 lagoon")
        assert django_app.tanks("t002") == (200, ["a fish of t002 in the tank of t002"])
        tenantctl("domain add t003 aquarium.t003.com")
        assert django_app.request("GET", "aquarium.t003.com", "/tanks") == django_app.tanks("t003")
        tenantctl("drop t004 --yes")
        assert django_app.tanks("t004").status == 404
        tenantctl(f"create acme {FIELDS} --domain acme.example.com --no-migrations")
        # The project's own next migration for everybody, and all of them for the new one.
        manage("migrate_schemas", "-v0")
        assert django_app.tanks("acme") == (200, [])
        tenantctl("migrate acme")
    assert tenantctl.run("status --all --check").returncode == 0
    assert django_app.tenants() == sorted(["t001", "lagoon", "t003", *names[4:], "acme"]) == database.schemas()
    for name in ["lagoon", "acme", "t200"]:
        assert ("0002_tank_name",) in database.query(f"SELECT name FROM {name}.django_migrations")
