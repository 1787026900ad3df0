"""`migrate --all` with one pending migration and with none, beside the best that psql can do."""

from fleet import CHANGE, TABLES, UNDO, Fleet, for_each, names, settle
from measure import in_turn, run

SESSIONS = (1, 2, 4, 8)
ROUNDS = {200: 5, 500: 5, 1000: 3}


def measure(bench, report):
    fleet = Fleet(bench, "migration")
    fleet.write_migration(1, TABLES)
    for size in bench.sizes:
        fleet.grow(size)
        MigrateBench(fleet).measure(ROUNDS.get(size, 1), report)


class MigrateBench:
    """Every measurement begins with the same fleet, and leaves it so."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.head = fleet.head

    def measure(self, rounds, report):
        size = f"{self.fleet.size:,} tenants"
        self.fleet.write_migration(2, CHANGE)
        one_pending = [lambda n=n: self.psql_sessions(n) for n in SESSIONS]
        one_pending += [lambda n=n: self.migrate("--jobs", str(n)) for n in SESSIONS]
        one_pending += [self.migrate, self.shell_loop]
        times = in_turn(rounds, *(lambda job=job: self.undoing(job) for job in one_pending))
        floors, ours, (default, loop) = times[:4], times[4:8], times[8:]
        best = floors.index(min(floors))
        for n, floor, our in zip(SESSIONS, floors, ours):
            report.budget(f"`migrate --all --jobs {n}`, {size}", our, f"`psql -f`, {n} session{'s'[:n > 1]}", floor)
        name = f"the best of psql ({SESSIONS[best]} session{'s'[:SESSIONS[best] > 1]})"
        report.budget(f"`migrate --all`, {size}", default, name, floors[best], 1)

        self.fleet.command("migrate", "--all")
        idle, select = in_turn(2 * rounds, self.migrate, self.select)
        report.budget(f"`migrate --all`, {size}, nothing pending", idle, "`psql -Xqtc 'select 1'`", select)
        self.undo()
        self.fleet.remove_migration(2)
        for way, seconds in [("tenantctl", default), ("psql, the best", floors[best]), ("a psql per tenant", loop)]:
            report.way(way, f"one pending, {size}", seconds)
        report.way("tenantctl", f"nothing pending, {size}", idle)

    def undoing(self, job):
        seconds = job()
        self.undo()
        return seconds

    def undo(self):
        undo = UNDO + (
            "DELETE FROM {name}.schema_migrations WHERE version = '2';"
            f"COMMENT ON TABLE {{name}}.schema_migrations IS '{self.head}';"
        )
        for_each(self.fleet.url, undo, names(self.fleet.size))
        settle(self.fleet.url)

    def migrate(self, *options):
        return run(self.fleet.words("migrate", "--all", *options), cwd=self.fleet.folder, env=self.fleet.env).seconds

    def select(self):
        return run(["psql", "-Xqtc", "select 1", self.fleet.url]).seconds

    def psql_sessions(self, sessions):
        """The floor: nobody decides anything, each session is sent its share of the tenants' transactions."""
        scripts = [self.fleet.folder / f"floor.{i}.sql" for i in range(sessions)]
        for i, script in enumerate(scripts):
            script.write_text("".join(transaction(name) for name in names(self.fleet.size)[i::sessions]))
        return run(*(["psql", "-Xq", "-f", script, self.fleet.url] for script in scripts)).seconds

    def shell_loop(self):
        """How it is done without a tool."""
        (self.fleet.folder / "tenant.sql").write_text(transaction(":schema"))
        (self.fleet.folder / "names").write_text("".join(f"{name}\n" for name in names(self.fleet.size)))
        loop = 'while read -r name; do psql -Xq -v schema="$name" -f tenant.sql "$0"; done <names'
        return run(["bash", "-ec", loop, self.fleet.url], cwd=self.fleet.folder).seconds


def transaction(schema):
    return f"""BEGIN;
SET LOCAL search_path TO {schema}, public;
SET LOCAL lock_timeout TO '2s';
INSERT INTO {schema}.schema_migrations (version) VALUES ('2');
{CHANGE}
COMMENT ON TABLE {schema}.schema_migrations IS 'tenantctl head=2 count=2 digest=0123456789abcdef0123456789abcdef';
COMMIT;
"""
