"""What README.md and the pages of docs/ show is what happens."""

import subprocess

import pytest

from conftest import populate
from support.console import Console, blocks, commands
from support.roles import least_privileges
from support.tenantctl import REPOSITORY

BLOCKS = list(blocks((REPOSITORY / "README.md").read_text()))
SECTIONS = list(dict.fromkeys(block.heading for block in BLOCKS if block.language == "console"))

PAGES = {page.name: list(blocks(page.read_text())) for page in sorted((REPOSITORY / "docs").glob("*.md"))}

ORDERS = "CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL, cents integer NOT NULL);"


def registry(tenantctl, database):
    tenantctl("init --no-files")


def tenants_of_an_app(tenantctl, database):
    """Three with a table, of which one is another; none with a ledger, and no migration."""
    registry(tenantctl, database)
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


# What makes a database what a section finds. The others find it empty, and these two an app that runs.
BESIDE_AN_APP = ["flask-tenants", "django-tenants"]
BEFORE = {
    "Scripts": registry,
    "Your own table": accounts,
    "Existing tenants": tenants_of_an_app,
    "When something is wrong": something_wrong,
}


def only(language, heading):
    """The text of a section's one block in a language."""
    (block,) = [block for block in BLOCKS if (block.language, block.heading) == (language, heading)]
    return block.text


def check_consoles(section, tenantctl, page=BLOCKS, here=str):
    # `here` puts this run's names in the place of the page's.
    with Console(tenantctl.folder, tenantctl.environment) as console:
        for block in page:
            if (block.language, block.heading) != ("console", section):
                continue
            for command in commands(block._replace(text=here(block.text))):
                # The page names a database of its reader's; here it is the test's.
                if not command.text.startswith("export DATABASE_URL="):
                    console.check(command)


@pytest.mark.parametrize("section", [section for section in SECTIONS if section not in BESIDE_AN_APP])
def test_consoles(section, tenantctl, database):
    if section in BEFORE:
        BEFORE[section](tenantctl, database)
    check_consoles(section, tenantctl)


def test_every_section_of_docs_has_its_test():
    found = {(page, block.heading) for page in PAGES for block in PAGES[page] if block.language == "console"}
    assert found == {("security.md", "Checklist")}


def test_the_checklist_for_security(tenantctl, database):
    with least_privileges(database) as roles:
        roles.run("The app's privileges", 0)
        tenantctl.environment["DATABASE_URL"] = roles.url("shop_owner")
        tenantctl("init --no-files")
        for name in ["acme", "globex"]:
            tenantctl(f"create {name} --domain {name}.example.com")
        check_consoles("Checklist", tenantctl, PAGES["security.md"], roles.here)


@pytest.mark.parametrize("flask_app", ["base"], indirect=True)
def test_consoles_beside_a_flask_app(tenantctl, flask_app):
    populate(flask_app, ["acme", "globex"])
    check_consoles("flask-tenants", tenantctl)


def test_consoles_beside_a_django_project(tenantctl, django_app):
    populate(django_app, ["acme", "globex"])
    check_consoles("django-tenants", tenantctl)


def test_the_pipelines_script(tenantctl, database):
    tenantctl("init")
    tenantctl.migration("1_tanks", "CREATE TABLE tanks (litres integer);")
    for name in ["acme", "globex", "initech"]:
        tenantctl(f"create {name}")
    (tenantctl.folder / "deploy").write_text(only("bash", "Scripts"))

    def deploy():
        return subprocess.run(
            ["bash", "deploy"],
            cwd=tenantctl.folder,
            env=tenantctl.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    tenantctl.migration("2_names", "ALTER TABLE tanks ADD COLUMN name text;")
    done = deploy()
    assert (done.returncode, done.stdout) == (0, "2 migrated, 1 up to date\n")

    database.query("INSERT INTO globex.tanks (litres) VALUES (-5)")
    tenantctl.migration("3_positive", "ALTER TABLE tanks ADD CHECK (litres > 0);")
    done = deploy()
    assert (done.returncode, done.stdout) == (1, "globex: 23514\n")


def test_the_configuration_file_holds_the_defaults(tenantctl):
    tenantctl("init --no-files")
    tenantctl("create acme --domain acme.example.com")
    before = tenantctl.json("show acme")
    (tenantctl.folder / "tenantctl.toml").write_text(only("toml", "Configuration"))
    assert tenantctl.json("show acme") == before
    tenantctl("deactivate acme")
    assert tenantctl("list --deactivated --quiet") == "acme\n"
