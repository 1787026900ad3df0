"""What one pending migration costs the server, in processor time for each tenant: it depends less on the machine's other
work than a wall time does."""

import os
import statistics
import time
from pathlib import Path

from fleet import CHANGE, TABLES, Fleet, psql
from migrate import MigrateBench

TENANTS = 300
ROUNDS = 7


def measure(bench, report):
    fleet = Fleet(bench, "server_cpu")
    fleet.write_migration(1, TABLES)
    fleet.grow(TENANTS)
    runs = MigrateBench(fleet)
    fleet.write_migration(2, CHANGE)
    server = Server(bench.server)
    psql(bench.server, "ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()")
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for times, job in [(ours, lambda: runs.migrate("--jobs", "4")), (theirs, lambda: runs.psql_sessions(4))]:
            before = server.cpu()
            job()
            times.append((server.cpu() - before) / TENANTS)
            runs.undo()
    psql(bench.server, "ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf()")
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    report.budget("server CPU a tenant, one pending, 4 jobs", ours, "`psql -f`, 4 sessions", theirs, 1.1)


class Server:
    def __init__(self, url):
        self.process = Path("/proc", psql(url, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"))

    def cpu(self):
        """The processor time of all sessions that have ended, in seconds (proc(5): cutime and cstime)."""
        while any(b"postgres: postgres" in self.command(child) for child in self.children()):
            time.sleep(0.02)
        fields = (self.process / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def children(self):
        return (self.process / "task" / self.process.name / "children").read_text().split()

    @staticmethod
    def command(process):
        try:
            return Path("/proc", process, "cmdline").read_bytes()
        except FileNotFoundError:
            return b""
