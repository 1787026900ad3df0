"""From the commit of a deactivation until the gateway refuses the tenant."""

import http.client
import random
import statistics
import subprocess
import time

from gateway_servers import Gateway
from report import duration

# The changes come at any moment between two questions of the gateway, in seconds.
INTERVAL = 1.0
# It is asked every so many seconds.
STEP = 0.0005
PATIENCE = 60


def measure(bench, report, settings, registry):
    """Without the triggers, then with them."""
    row(bench, report, settings, registry, "", "<= 1.5 s")
    registry.command("init", "--no-files", "--notify", "--yes")
    row(bench, report, settings, registry, ", `init --notify`", "<= 100 ms")


def row(bench, report, settings, registry, remark, budget):
    with Gateway(bench, registry) as gateway, Session(registry.url) as session:
        changes = Changes(gateway, session, registry)
        times = [changes.deactivate(random.randint(1, registry.size)) for _ in range(settings.changes)]
        notified = gateway.metric("registry_notified")
    if notified != bool(remark):
        raise RuntimeError(f"the gateway says that registry_notified is {notified:g}")
    figures = f"{duration(statistics.median(times))}, {duration(max(times))}"
    what = f"commit of a deactivation until 403, {registry.size:,} tenants{remark}: median, longest"
    report.gateway(what, figures, budget=budget)


class Changes:
    def __init__(self, gateway, session, registry):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
        self.session, self.registry = session, registry

    def deactivate(self, number):
        """How long the tenant went on being let through; afterwards it is active again."""
        self.wait_for(number, 200)
        time.sleep(random.uniform(0, INTERVAL))  # The moment must not depend on the change before.
        self.set(number, "true")
        committed = time.perf_counter()
        self.wait_for(number, 403)
        took = time.perf_counter() - committed
        self.set(number, "false")
        self.wait_for(number, 200)
        return took

    def set(self, number, value):
        self.session.execute(f"UPDATE tenants SET deactivated = {value} WHERE name = '{self.registry.name(number)}';")

    def wait_for(self, number, status):
        end = time.monotonic() + PATIENCE
        while self.status(self.registry.domain(number)) != status:
            if time.monotonic() > end:
                raise RuntimeError(f"{self.registry.domain(number)} did not become {status} in {PATIENCE} s")
            time.sleep(STEP)  # The gateway shares the cores with this program.

    def status(self, host):
        self.connection.request("GET", "/auth", headers={"X-Forwarded-Host": host})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


class Session:
    """A psql that stays open, so that a change takes as long as its transaction."""

    def __init__(self, url):
        self.words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def execute(self, sql):
        """Returns when it is committed."""
        self.process.stdin.write(f"{sql}\n\\echo done\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise RuntimeError(f"psql has refused: {sql}")
