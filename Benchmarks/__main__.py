"""python3 Benchmarks TENANTCTL [PART...]

Measures tenantctl beside psql and django-tenants on the server that TENANTCTL_TEST_DATABASE_URL names, which must be
a private one, and prints BENCHMARKS.md; if parts are named, only those: startup, create, drop, migrate, server_cpu, django_fleet,
large, gateway.
BENCH_TENANTS="200 500 1000" and BENCH_LARGE=10000 are the sizes of the fleets. `gateway` needs tenantctl-gateway beside TENANTCTL or
in TENANTCTL_GATEWAY, and ConstantRoute in .build/release or in TENANTCTL_CONSTANT_ROUTE; gateway.py has its sizes.
"""

import importlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet import psql
from report import Report

PARTS = ["startup", "create", "drop", "migrate", "server_cpu", "django_fleet", "large", "gateway"]


class Bench:
    """What all parts share: the program, the server, a folder that is gone afterwards."""

    def __init__(self, tenantctl, folder):
        self.tenantctl = str(Path(tenantctl).resolve())
        self.folder = folder
        self.sizes = [int(size) for size in os.environ.get("BENCH_TENANTS", "200 500 1000").split()]
        self.large = int(os.environ.get("BENCH_LARGE", "10000"))
        self.server = os.environ.get("TENANTCTL_TEST_DATABASE_URL") or sys.exit("run me by: make bench")

    def url(self, database):
        return self.server.replace("/postgres?", f"/{database}?")

    def introduction(self):
        def first_line(*words):
            return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()[0]

        server = psql(self.server, "SHOW server_version")
        return f"""# Benchmarks

`make bench` wrote this page. All figures are wall times of whole processes, medians of several runs that were made in
turn; each pair stands on the same server in the same state. Read the ratios: the seconds are this machine's.

Machine: {os.cpu_count()} cores, {memory()} GiB, {platform.system()} {platform.release()}. {first_line("psql", "--version")}, server {server}
with its default settings (fsync is on). {first_line(self.tenantctl, "--version")}.
"""


def memory():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def main(tenantctl, *parts):
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"no such part: {' '.join(unknown)}; there are {' '.join(PARTS)}")
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(tenantctl, folder)
        for part in parts or PARTS:
            start = time.monotonic()
            importlib.import_module(part).measure(bench, report)
            print(f"{part}: measured in {time.monotonic() - start:.0f} s", file=sys.stderr)
        print(report.page(bench.introduction()), end="")


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
