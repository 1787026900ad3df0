"""tenantctl alone with a fleet of 10,000 tenants: how long what is asked of a whole fleet takes, and in how much memory."""

import shlex
import statistics

from fleet import Fleet
from measure import Run, run

ROUNDS = 5
COUNT = "SELECT count(*) FROM things_1"

# What changes nothing, and can be repeated.
READERS = [
    ["migrate", "--all", "--check"],
    ["status", "--all"],
    ["status", "--all", "--format", "json"],
    ["status", "--all", "--verify"],
    ["list"],
    ["list", "--format", "json"],
    ["exec", "--all", "-c", COUNT],
    ["exec", "--all", "--format", "csv", "-c", COUNT],
    ["exec", "--all", "--format", "json", "-c", COUNT],
]


def measure(bench, report):
    fleet = Fleet(bench, "large")
    fleet.write_migration(1, "CREATE TABLE things_1 (id serial PRIMARY KEY, name text NOT NULL);")
    fleet.grow(bench.large)
    peaks = []

    def alone(words, rounds=1, remark=""):
        runs = [run([fleet.tenantctl, *words], cwd=fleet.folder, env=fleet.env) for _ in range(rounds)]
        took = Run(statistics.median(one.seconds for one in runs), max(one.peak_mib for one in runs))
        peaks.append(took.peak_mib)
        report.alone(shlex.join(words), remark, took)
        return took

    idle = alone(["migrate", "--all"], ROUNDS, "nothing pending")
    for words in READERS:
        alone(words, ROUNDS)
    alone(["run", "--all", "--", "true"])
    for version, format in enumerate(["text", "json"], start=2):
        fleet.write_migration(version, f"-- migrate:up\nALTER TABLE things_1 ADD COLUMN size_{version} integer;\n"
                              f"-- migrate:down\nALTER TABLE things_1 DROP COLUMN size_{version};\n")  # fmt: skip
        alone(["migrate", "--all", "--format", format], remark="one pending")
    alone(["rollback", "--all", "--yes"])
    size = f"{bench.large:,} tenants"
    report.ceiling(f"`migrate --all`, {size}, nothing pending", f"{idle.seconds:.3f} s", "0.15 s")
    report.ceiling(f"peak memory of any command, {size}", f"{max(peaks):.0f} MiB", "64 MiB")
