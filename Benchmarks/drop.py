"""`drop`, beside the same SQL through psql: what it costs to ask what else would go."""

from fleet import Fleet, for_each, psql, settle
from measure import in_turn, run

ROUNDS = 7
SIZES = {10: None, 1000: 1.25}  # The question may take a fifth of the drop.

TABLES = """DO $$ BEGIN FOR i IN 1..{size} LOOP
  EXECUTE format('CREATE TABLE {name}.things_%s (id serial PRIMARY KEY, name text NOT NULL)', i);
END LOOP; END $$;"""


def measure(bench, report):
    for size, limit in SIZES.items():
        fleet = Fleet(bench, f"drop_{size}")
        fleet.write_migration(1, "SELECT 1;")
        fleet.grow(2)

        def fill(name):
            psql(fleet.url, TABLES.format(size=size, name=name))
            settle(fleet.url)

        def ours():
            fleet.command("create", "other")
            fill("other")
            return run(fleet.words("drop", "other", "--yes"), cwd=fleet.folder, env=fleet.env).seconds

        def floor():
            for_each(fleet.url, "CREATE SCHEMA {name}; INSERT INTO tenants (name) VALUES ('{name}');", ["floor"])
            fill("floor")
            change = "SET client_min_messages = warning; BEGIN; DELETE FROM tenants WHERE name = 'floor'; DROP SCHEMA floor CASCADE; COMMIT"
            return run(["psql", "-Xqc", change, fleet.url]).seconds

        drop, reference = in_turn(ROUNDS, ours, floor)
        report.budget(f"`drop`, {size:,} tables", drop, "`psql -c` of DELETE and DROP SCHEMA", reference, limit)
