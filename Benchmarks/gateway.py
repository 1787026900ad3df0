"""tenantctl-gateway: beside a server that does nothing and flask-tenants; its memory; how soon it knows of changes.

BENCH_GATEWAY_TENANTS=100000 is the size of the large registry, BENCH_GATEWAY_ROUNDS=5 the number of rounds of
BENCH_GATEWAY_SECONDS=3 under load, BENCH_GATEWAY_FLOOD=1000000 that of unknown names, BENCH_GATEWAY_CHANGES=50 that of
deactivations with and without notifications, in each of two registries.
"""

import os

import gateway_freshness
import gateway_load
import gateway_memory
from gateway_servers import Registry

SMALL = 1_000


class Settings:
    def __init__(self):
        def number(name, default):
            return int(os.environ.get(f"BENCH_GATEWAY_{name}", default))

        self.tenants = number("TENANTS", 100_000)
        self.rounds = number("ROUNDS", 5)
        self.seconds = number("SECONDS", 3)
        self.flood = number("FLOOD", 1_000_000)
        self.changes = number("CHANGES", 50)


def measure(bench, report):
    settings = Settings()
    small = Registry(bench, "gateway", SMALL)
    gateway_load.measure(bench, report, settings, small)
    large = Registry(bench, "gateway_large", settings.tenants)
    gateway_memory.measure(bench, report, settings, large)
    for registry in small, large:
        gateway_freshness.measure(bench, report, settings, registry)
