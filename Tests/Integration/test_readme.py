"""What README.md and the pages of docs/ show is what happens."""

import subprocess

import pytest

from conftest import populate
from support.console import Console, blocks, commands
from support.roles import least_privileges
from support.tenantctl import REPOSITORY

FILES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES = {page.name: list(blocks(page.read_text())) for page in FILES}
# Each page's sections with a console, in order.
SECTIONS = list(
    dict.fromkeys((page, block.heading) for page in PAGES for block in PAGES[page] if block.language == "console")
)

ORDERS = "CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL, cents integer NOT NULL);"


def registry(tenantctl, database):
    tenantctl("init --no-files")


def tenants_of_an_app(tenantctl, database):
    """Three with a table, of which one is another; none with a ledger, and no migration."""
    tenantctl("init")
    for name, orders in {"acme": ORDERS, "globex": ORDERS, "initech": ORDERS.replace("cents", "pence")}.items():
        database.query(f"INSERT INTO tenants (name) VALUES ('{name}')")
        database.query(f"CREATE SCHEMA {name}; SET search_path TO {name}; {orders}")


def something_wrong(tenantctl, database):
    """A comment on a ledger that is older than the ledger, and a schema whose row is gone."""
    registry(tenantctl, database)
    tenantctl.migration("20261123063839_create_orders", ORDERS)
    for name in ["acme", "globex", "initech", "hooli"]:
        tenantctl(f"create {name}")
    database.query("DELETE FROM tenants WHERE name = 'hooli'")
    comment = database.query("SELECT obj_description('acme.schema_migrations'::regclass)")[0][0]
    tenantctl.migration("20261123063841_cents_positive", "ALTER TABLE orders ADD CHECK (cents > 0);")
    tenantctl("migrate --all")
    database.query(f"COMMENT ON TABLE acme.schema_migrations IS '{comment}'")


def accounts(tenantctl, database):
    """An app's own tables."""
    database.query(
        """
        CREATE TABLE accounts (
          id uuid PRIMARY KEY, slug text NOT NULL UNIQUE, schema_name text UNIQUE, active boolean NOT NULL);
        CREATE TABLE sites (host text PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts);
        INSERT INTO accounts SELECT gen_random_uuid(), x, x, true FROM unnest(ARRAY['acme', 'globex']) x;
        INSERT INTO sites SELECT 'acme.com', id FROM accounts WHERE slug = 'acme';
        CREATE SCHEMA acme CREATE TABLE orders (); CREATE SCHEMA globex CREATE TABLE orders ()
        """
    )


def shops(tenantctl, database):
    """An app's own tables, whose schemas are named after keys."""
    database.query(
        """
        CREATE TABLE shops (id integer PRIMARY KEY, title text NOT NULL, active boolean NOT NULL);
        CREATE TABLE hosts (host text PRIMARY KEY, shop_id integer NOT NULL REFERENCES shops);
        INSERT INTO shops VALUES (41, 'Acme', true), (42, 'Globex', true);
        INSERT INTO hosts VALUES ('acme.com', 41);
        CREATE SCHEMA tenant_41 CREATE TABLE orders (); CREATE SCHEMA tenant_42 CREATE TABLE orders ()
        """
    )


def plans(tenantctl, database):
    """A registry, no migration yet, and a file of tenants."""
    tenantctl("init")
    (tenantctl.folder / "tenants.csv").write_text("name,domain,plan\nacme,acme.com www.acme.com,gold\nglobex,,free\n")


# What makes a database what a section finds. The README's finds it empty; others have a test of their own.
BEFORE = {
    ("README.md", "Five minutes"): lambda tenantctl, database: None,
    ("scripts.md", "Scripts and CI"): registry,
    ("scripts.md", "For whom"): plans,
    ("existing-databases.md", "Your own table"): accounts,
    ("existing-databases.md", "A prefix and a key"): shops,
    ("existing-databases.md", "Existing tenants"): tenants_of_an_app,
    ("troubleshooting.md", "Doctor"): something_wrong,
}
WITH_ITS_OWN_TEST = {
    ("existing-databases.md", "flask-tenants"),
    ("existing-databases.md", "django-tenants"),
    ("security.md", "Checklist"),
}


def only(language, page, heading):
    """The text of a section's one block in a language."""
    (block,) = [block for block in PAGES[page] if (block.language, block.heading) == (language, heading)]
    return block.text


def check_consoles(page, section, tenantctl, here=str):
    # `here` puts this run's names in the place of the page's.
    with Console(tenantctl.folder, tenantctl.environment) as console:
        for block in PAGES[page]:
            if (block.language, block.heading) != ("console", section):
                continue
            for command in commands(block._replace(text=here(block.text))):
                # The page names a database of its reader's; here it is the test's.
                if not command.text.startswith("export DATABASE_URL="):
                    console.check(command)


@pytest.mark.parametrize("page, section", BEFORE)
def test_consoles(page, section, tenantctl, database):
    BEFORE[page, section](tenantctl, database)
    check_consoles(page, section, tenantctl)


def test_every_section_has_its_test():
    assert set(SECTIONS) == set(BEFORE) | WITH_ITS_OWN_TEST


def test_the_readme_is_short():
    assert len(FILES[0].read_text().splitlines()) <= 200


def test_the_checklist_for_security(tenantctl, database):
    with least_privileges(database) as roles:
        roles.run("The app's privileges", 0)
        tenantctl.environment["DATABASE_URL"] = roles.url("shop_owner")
        tenantctl("init")
        for name in ["acme", "globex"]:
            tenantctl(f"create {name} --domain {name}.example.com")
        check_consoles("security.md", "Checklist", tenantctl, roles.here)


@pytest.mark.parametrize("flask_app", ["base"], indirect=True)
def test_consoles_beside_a_flask_app(tenantctl, flask_app):
    populate(flask_app, ["acme", "globex"])
    check_consoles("existing-databases.md", "flask-tenants", tenantctl)


def test_consoles_beside_a_django_project(tenantctl, django_app):
    populate(django_app, ["acme", "globex"])
    check_consoles("existing-databases.md", "django-tenants", tenantctl)


def test_the_release_script(tenantctl, database):
    tenantctl("init")
    database.query("ALTER TABLE tenants ADD plan text")
    tenantctl.migration("1_tanks", "CREATE TABLE tanks (litres integer);")
    for name, plan in [("acme", "gold"), ("globex", "free"), ("hooli", "free"), ("initech", "gold")]:
        tenantctl(f"create {name} --set plan={plan}")
    script = only("bash", "scripts.md", "A release")
    assert len(script.splitlines()) <= 30
    (tenantctl.folder / "release").write_text(script)
    summary = tenantctl.folder / "summary.md"

    def release():
        summary.write_text("")
        done = subprocess.run(
            ["bash", "release"],
            cwd=tenantctl.folder,
            env={**tenantctl.environment, "GITHUB_STEP_SUMMARY": str(summary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )
        return done.returncode, summary.read_text()

    assert release() == (0, "nothing to migrate\n")

    # A hazard of a file that every tenant has is no obstacle; one of a new file is.
    tenantctl.migration("2_litres", "CREATE INDEX litres ON tanks (litres);")
    assert release() == (1, "")
    tenantctl("migrate --all")
    assert release() == (0, "nothing to migrate\n")

    tenantctl.migration("3_names", "ALTER TABLE tanks ADD COLUMN name text;")
    waves = "canary: 1 migrated, 0 failed\nfree: 2 migrated, 0 failed\nall: 1 migrated, 0 failed\n"
    assert release() == (0, waves)
    assert "<testcase" in (tenantctl.folder / "free.xml").read_text()

    database.query("INSERT INTO globex.tanks (litres) VALUES (-5)")
    tenantctl.migration("4_positive", "ALTER TABLE tanks ADD CHECK (litres > 0) NOT VALID;")
    tenantctl.migration("5_valid", "ALTER TABLE tanks VALIDATE CONSTRAINT tanks_litres_check;")
    status, text = release()
    assert (status, text.splitlines()[:2]) == (5, ["canary: 1 migrated, 0 failed", "free: 1 migrated, 1 failed"])
    assert text.splitlines()[2].startswith("- globex: ") and len(text.splitlines()) == 3

    # Outside of GitHub the summary is standard output, and a log keeps what came before it.
    log = tenantctl.folder / "log"
    with log.open("w") as file:
        file.write("deploy begins\n")
        file.flush()
        environment = {k: v for k, v in tenantctl.environment.items() if k != "GITHUB_STEP_SUMMARY"}
        subprocess.run(
            ["bash", "-c", "bash release; echo ends"],
            cwd=tenantctl.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            timeout=120,
        )
    lines = log.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("deploy begins", "ends")
    assert "canary: 0 migrated, 0 failed" in lines

    # An old checkout: nothing runs.
    (tenantctl.folder / "migrations" / "tenant" / "1_tanks.sql").unlink()
    assert release() == (1, "")


def test_the_configuration_file_holds_the_defaults(tenantctl):
    tenantctl("init")
    tenantctl("create acme --domain acme.example.com")
    before = tenantctl.json("show acme")
    (tenantctl.folder / "tenantctl.toml").write_text(only("toml", "configuration.md", "Configuration"))
    assert tenantctl.json("show acme") == before
    tenantctl("deactivate acme")
    assert tenantctl("list --deactivated --quiet") == "acme\n"
