"""A large registry in memory: how much of it, and what reading it takes, here and in the database."""

import re
import statistics
from pathlib import Path

from fleet import psql
from gateway_servers import Gateway, Registry
from report import duration
from wrk import flood

READINGS = 20
# So that the next question need not be waited for.
INTERVAL = "200ms"
FLOOD_SECONDS, FLOOD_CONNECTIONS = 5, 64
# How often the registry is asked about while nothing changes.
QUESTIONS = 50
READING = "registry_reading_seconds"


def measure(bench, report, settings, registry):
    size = f"{registry.size:,} tenants with a domain each"
    log = ServerLog(bench.server)
    with Gateway(bench, Registry(bench, "gateway_empty", 0)) as gateway:
        peak(report, gateway, "peak memory, no tenants")
    with log.of(registry.url), Gateway(bench, registry, INTERVAL) as gateway:
        peak(report, gateway, f"peak memory, {size}, after the first reading", "<= 64 MiB")
        first = gateway.metric(READING)
        asked = log.mark_seconds(gateway, QUESTIONS)
        took = [read_again(gateway, registry) for _ in range(READINGS)]
        peak(report, gateway, f"the same, after {READINGS} more readings")
        flood_with_unknown(gateway, settings.flood)
        peak(report, gateway, f"the same, after {settings.flood:,} unknown names")
    later = duration(statistics.median(took))
    report.gateway(f"a reading of {size}: the first, the median of {READINGS} more", f"{duration(first)}, {later}")
    if asked:
        report.gateway(f"the database's answer whether {registry.size:,} tenants have changed", duration(asked))


def peak(report, gateway, what, budget=""):
    report.gateway(what, f"{gateway.peak_mib:.0f} MiB", budget=budget)


def read_again(gateway, registry):
    """Has all rows changed; returns how long reading them took."""
    before = gateway.readings
    psql(registry.url, "UPDATE tenants SET updated_at = now(); VACUUM tenants")
    gateway.wait_until(lambda: gateway.readings > before)
    return gateway.metric(READING)


def flood_with_unknown(gateway, count):
    """Asks for that many names, each of them once."""
    unknown, rounds = 'requests_total{endpoint="auth",result="unknown"}', 0
    while gateway.metric(unknown) < count:
        rounds += 1
        flood(gateway.url("/auth"), f"flood-{rounds}", FLOOD_SECONDS, FLOOD_CONNECTIONS)


class ServerLog:
    """What the server writes to its standard error, if that is a file."""

    # Lines of "Duration Logging" for the question of DirectoryMark.
    MARK = re.compile(r"duration: ([0-9.]+) ms  (parse|bind|execute) [^:]*: SELECT concat_ws\(' ', pg_is_in_recovery")

    def __init__(self, server):
        process = psql(server, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
        self.file = Path("/proc", process, "fd/2")

    def of(self, url):
        """Has the durations of all that is asked in this database logged until the end of the block."""
        return Logged(url)

    def mark_seconds(self, gateway, count):
        """The median of so many questions."""
        if not self.file.is_file():
            return None
        start = self.file.stat().st_size
        found = []

        def are_enough():
            with self.file.open("rb") as log:
                log.seek(start)
                found[:] = self.MARK.findall(log.read().decode(errors="replace"))
            return sum(kind == "execute" for _, kind in found) >= count

        gateway.wait_until(are_enough)
        kinds = {kind for _, kind in found}
        return sum(statistics.median(float(ms) for ms, kind in found if kind == one) for one in kinds) / 1000


class Logged:
    def __init__(self, url):
        self.url = url

    def __enter__(self):
        self.set("SET log_min_duration_statement = 0")

    def __exit__(self, *_):
        self.set("RESET log_min_duration_statement")

    def set(self, what):
        psql(self.url, f"SELECT current_database() AS name \\gset\nALTER DATABASE :\"name\" {what}")
