"""What docs/security.md promises, with the roles that its own SQL makes."""

import psycopg
import pytest

from support.pgbouncer import pgbouncer
from support.roles import least_privileges

ORDERS = """\
-- migrate:up
CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL);
CREATE INDEX orders_customer ON orders (customer);
-- migrate:down
DROP TABLE orders;
"""
TOTALS = """\
-- migrate:up
ALTER TABLE orders ADD COLUMN cents integer;
CREATE VIEW totals AS SELECT sum(cents) AS cents FROM orders;
-- migrate:down
DROP VIEW totals;
ALTER TABLE orders DROP COLUMN cents;
"""
PLANS = "-- migrate:up\nCREATE TABLE plans (name text PRIMARY KEY);\n"
CONCURRENTLY = """\
-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_cents ON orders (cents);
-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_cents;
"""


@pytest.fixture
def roles(database):
    with least_privileges(database) as roles:
        yield roles


@pytest.fixture(params=["direct", "pgbouncer"])
def owner(request, tenantctl, roles):
    """The binary as the owner, straight to the server and through a pooler."""
    url = roles.url("shop_owner")
    if request.param == "direct":
        tenantctl.environment["DATABASE_URL"] = url
        yield tenantctl
        return
    with pgbouncer(url) as pooled:
        tenantctl.environment["DATABASE_URL"] = pooled
        yield tenantctl


def denied(database, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.query(statement)


def set_up(tenantctl):
    """Registry, migrations and the tenants acme and globex."""
    tenantctl("init")
    tenantctl.migration("1_orders", ORDERS)
    shared = tenantctl.folder / "migrations/shared/1_plans.sql"
    shared.write_text(PLANS)
    tenantctl("create acme --domain acme.example.com --domain www.acme.com")
    tenantctl("create globex --domain globex.example.com")


def test_the_daily_commands_as_the_owner(owner, database, roles, request):
    roles.run("The app's privileges", 0)
    set_up(owner)
    is_direct = "direct" in request.node.name

    # Registry and domains.
    database.query(f"ALTER TABLE tenants ADD COLUMN plan text; ALTER TABLE tenants OWNER TO {roles.names['shop_owner']}")
    owner("set acme plan=gold")
    assert owner.json("show acme")["columns"]["plan"] == "gold"
    assert owner("list --quiet") == "acme\nglobex\n"
    owner("domain add acme shop.acme.com")
    owner("domain primary shop.acme.com")
    owner("domain remove www.acme.com")
    assert "shop.acme.com" in owner("domain list acme")
    assert "served by tenant acme" in owner("resolve shop.acme.com")
    owner("deactivate acme")
    owner("activate acme")

    # Migrations.
    owner.migration("2_totals", TOTALS)
    assert "migrated 2 tenants" in owner("migrate --all")
    if is_direct:
        owner.migration("3_index", CONCURRENTLY)
        owner("migrate --all")
        owner("rollback --all --yes")
        (owner.folder / "migrations/tenant/3_index.sql").unlink()
    owner("rollback --all --yes")
    owner("migrate --all")
    owner("status --all --check")
    owner("status --all --verify")
    assert database.query("SELECT count(*) FROM public.plans") == [(0,)]

    # Names.
    owner("rename globex initech")
    owner("rename initech globex")

    # Other programs.
    owner("exec --all --write -c \"INSERT INTO orders (customer, cents) VALUES ('Bo', 7)\"")
    assert "7" in owner("exec --all -c 'SELECT cents FROM totals'")
    owner("run --all -- sh -c 'test -n \"$TENANT_SCHEMA\"'")
    if is_direct:
        # A pooler refuses the search path that psql is to begin with.
        owner("run --all -- psql -Xqc 'SELECT cents FROM totals'")
        assert owner("psql acme -- -XAtqc 'SELECT cents FROM totals'") == "7\n"

    # Tenants of an app, which made them with its own hands and gave them to the owner.
    me = roles.names["shop_owner"]
    for name in ["hooli", "stark"]:
        table = f"{name}.orders"
        database.query(f"INSERT INTO tenants (name) VALUES ('{name}'); CREATE SCHEMA {name} AUTHORIZATION {me}")
        database.query(f"SET ROLE {me}; CREATE TABLE {table} (id bigserial PRIMARY KEY, customer text NOT NULL)")
    owner("adopt hooli --version 1")
    owner("migration baseline 1 stark")
    owner("migrate hooli stark")

    assert owner("doctor").endswith(": 2 info\n" if is_direct else ": 3 info\n")
    owner("doctor --fix --yes")
    owner("drop stark --yes")
    owner("drop acme --yes")
    assert database.schemas() == ["globex", "hooli"]


def test_what_the_app_can_do(owner, database, roles):
    roles.run("The app's privileges", 0)
    set_up(owner)
    roles.run("The app's privileges", 1)
    owner.migration("2_totals", TOTALS)
    owner("migrate --all")
    app = roles.database("shop_app")

    app.query("INSERT INTO acme.orders (customer, cents) VALUES ('Bo', 1), ('Al', 2); DELETE FROM acme.orders WHERE id = 1")
    assert app.query("SELECT cents FROM acme.totals") == [(2,)]
    assert app.query("SELECT name FROM tenants ORDER BY 1") == [("acme",), ("globex",)]
    for statement in [
        "CREATE TABLE acme.x ()",
        "CREATE FUNCTION acme.lower(varchar) RETURNS text LANGUAGE sql RETURN 'x'",
        "CREATE TABLE public.x ()",
        "CREATE SCHEMA x",
        "CREATE TEMPORARY TABLE x ()",
        "ALTER TABLE acme.orders ADD COLUMN x int",
        "CREATE INDEX ON acme.orders (cents)",
        "TRUNCATE acme.orders",
        "DROP SCHEMA acme CASCADE",
        "SELECT FROM acme.schema_migrations",
        "DELETE FROM acme.schema_migrations",
        "COMMENT ON TABLE acme.schema_migrations IS 'x'",
        "CREATE TRIGGER x BEFORE INSERT ON acme.orders EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "INSERT INTO tenants (name) VALUES ('x')",
        "UPDATE domains SET tenant_name = 'globex'",
        "ALTER TABLE tenants ADD COLUMN x int",
        f"SET ROLE {roles.names['shop_owner']}",
    ]:
        denied(app, statement)
    assert database.query("SELECT count(*) FROM acme.schema_migrations") == [(2,)]


def test_a_role_for_each_tenant(owner, roles):
    set_up(owner)
    roles.run("A role for each tenant", 0)
    for tenant in ["acme", "globex"]:
        roles.run("A role for each tenant", 1, tenant=tenant)
    owner.migration("2_totals", TOTALS)
    owner("migrate --all")
    app = roles.database("shop_app")

    assert app.query("SELECT name FROM tenants ORDER BY 1") == [("acme",), ("globex",)]
    denied(app, "SELECT FROM acme.orders")
    for own, other in [("acme", "globex"), ("globex", "acme")]:
        role = f"SET ROLE {roles.names[f'tenant_{own}']}; "
        app.query(f"{role}INSERT INTO {own}.orders (customer, cents) VALUES ('Bo', 1)")
        app.query(f"{role}SELECT FROM {own}.totals")
        for statement in [
            f"SELECT FROM {other}.orders",
            f"SELECT FROM {other}.totals",
            f"INSERT INTO {other}.orders (customer) VALUES ('x')",
            f"SELECT nextval('{other}.orders_id_seq')",
            f"CREATE TABLE {own}.x ()",
            f"CREATE TABLE {other}.x ()",
            f"ALTER TABLE {own}.orders ADD COLUMN x int",
            f"UPDATE {own}.schema_migrations SET checksum = 'x'",
            f"SELECT FROM {own}.schema_migrations",
            "SELECT FROM tenants",
        ]:
            denied(app, role + statement)
    assert "no problems found" in owner("doctor") or "1 info" in owner("doctor")
    # Privileges go with the schema.
    owner("rename globex initech")
    app.query(f"SET ROLE {roles.names['tenant_globex']}; SELECT FROM initech.orders")
