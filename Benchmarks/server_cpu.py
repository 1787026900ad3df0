"""What one pending migration costs the server, in processor time for each tenant: it depends less on the machine's other
work than a wall time does."""

import statistics
import threading
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
            times.append(server.cpu_of(job) / TENANTS)
            runs.undo()
    psql(bench.server, "ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf()")
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    report.budget("server CPU a tenant, one pending, 4 jobs", ours, "`psql -f`, 4 sessions", theirs, 1.1)


class Server:
    INTERVAL = 0.005  # What a process does in its last moments is missed, on both sides.

    def __init__(self, url):
        self.process = Path("/proc", psql(url, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"))

    def cpu_of(self, job):
        """The processor time of all of the server's processes while a job runs, in seconds.

        The kernel counts it in nanoseconds (the first number of schedstat) as long as a process lives. What proc(5) tells of
        those that have ended, cutime and cstime, is counted in ticks of the clock: of many short turns most fall in between.
        """
        before, latest = self.times(), {}
        is_over = threading.Event()

        def watch():
            while not is_over.wait(self.INTERVAL):
                latest.update(self.times())

        watcher = threading.Thread(target=watch)
        watcher.start()
        job()
        while any(b"postgres: postgres" in self.read(process, "cmdline") for process in self.children()):
            time.sleep(self.INTERVAL)
        is_over.set()
        watcher.join()
        latest.update(self.times())
        return sum(spent - before.get(process, 0) for process, spent in latest.items()) / 1e9

    def times(self):
        numbers = {process: self.read(process, "schedstat").split() for process in self.children()}
        return {process: int(fields[0]) for process, fields in numbers.items() if fields}

    def children(self):
        return self.read(self.process.name, f"task/{self.process.name}/children").decode().split()

    @staticmethod
    def read(process, file):
        try:
            return Path("/proc", process, file).read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return b""
