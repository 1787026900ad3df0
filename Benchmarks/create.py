"""`create`, beside the same SQL through psql."""

from fleet import TABLES, Fleet, psql
from measure import in_turn, run

ROUNDS = 15

# What makes the floor's schema a tenant: the ledger with its row and comment, and the registry's row.
RECORD = """CREATE TABLE schema_migrations (LIKE t00001.schema_migrations INCLUDING ALL);
INSERT INTO schema_migrations SELECT * FROM t00001.schema_migrations;
COMMENT ON TABLE schema_migrations IS 'tenantctl head=1 count=1 digest=0123456789abcdef0123456789abcdef';
INSERT INTO public.tenants (name) VALUES ('floor');
"""
FORGET = "DELETE FROM tenants WHERE name = 'floor'"


def measure(bench, report):
    fleet = Fleet(bench, "creation")
    fleet.write_migration(1, TABLES)
    fleet.grow(20)

    def ours():
        took = run(fleet.words("create", "other"), cwd=fleet.folder, env=fleet.env)
        fleet.command("drop", "other", "--yes")
        return took.seconds

    def floor(record=""):
        script = fleet.folder / "floor.sql"
        script.write_text(f"BEGIN;\nCREATE SCHEMA floor;\nSET LOCAL search_path TO floor;\n{TABLES}\n{record}COMMIT;\n")
        took = run(["psql", "-Xqf", script, fleet.url])
        psql(fleet.url, "SET client_min_messages = warning; DROP SCHEMA floor CASCADE;" + FORGET)
        return took.seconds

    create, tables, tenant = in_turn(ROUNDS, ours, floor, lambda: floor(RECORD))
    what = "`create`, 10 tables, 20 indexes"
    report.budget(what, create, "`psql -f` of the same SQL, one transaction", tables, 1.1)
    report.budget(what, create, "the same with ledger and row", tenant)
    report.way("tenantctl", "create", create)
    report.way("psql, the best", "create", tables)
