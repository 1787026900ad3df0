"""`list` and `resolve`, beside the least that a client of PostgreSQL can do."""

from fleet import TABLES, Fleet
from measure import in_turn, run

ROUNDS = 25


def measure(bench, report):
    fleet = Fleet(bench, "startup")
    fleet.write_migration(1, TABLES)
    fleet.grow(20)
    fleet.command("domain", "add", "t00007", "t00007.example.com")

    def seconds(*words):
        return lambda: run(words, cwd=fleet.folder, env=fleet.env).seconds

    listing, resolving, select = in_turn(
        ROUNDS,
        seconds(fleet.tenantctl, "list"),
        seconds(fleet.tenantctl, "resolve", "t00007.example.com"),
        seconds("psql", "-Xqtc", "select 1", fleet.url),
    )
    report.budget("`list`, 20 tenants", listing, "`psql -Xqtc 'select 1'`", select, 0.9)
    report.budget("`resolve`", resolving, "the same", select, 0.9)
