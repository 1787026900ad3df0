"""Tenants are changed while clients ask about them: no answer is older than docs/gateway.md promises.

TENANTCTL_TEST_REQUESTS says how many requests are sent in all.
"""

import json
import os
import random
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from support.gateway import gateway, needs_gateway
from support.load import History, Sleeper, visit_all
from support.proxies import nginx, snippets
from support.web import served

pytestmark = needs_gateway

REQUESTS = int(os.environ.get("TENANTCTL_TEST_REQUESTS", "12000"))
TENANTS = 50
# Only these are changed, and they get half of the requests.
CHANGED = 10
CLIENTS = 3


class State(NamedTuple):
    name: str
    active: bool
    # Whether the domain extraN.example.net is its own.
    extra: bool


class Tenant:
    """A tenant of the test, which is known by its number whatever it is called."""

    def __init__(self, number, key):
        self.number = number
        self.key = key
        self.history = History(State(f"t{number}", True, False))
        self.hosts = {
            f"t{number}.example.com": self._by_label(f"t{number}"),
            f"r{number}.example.com": self._by_label(f"r{number}"),
            f"domain{number}.example.org": self._served,
            f"extra{number}.example.net": lambda state: self._served(state) if state.extra else "unknown",
        }

    def _served(self, state):
        return state.name if state.active else "deactivated"

    def _by_label(self, label):
        return lambda state: self._served(state) if state.name == label else "unknown"

    def change(self, tenantctl, chance):
        state = self.history.state
        kind = chance.choice(["activity", "name", "domain"])
        if kind == "activity":
            line = f"deactivate {state.name}" if state.active else f"activate {state.name}"
            state = state._replace(active=not state.active)
        elif kind == "name":
            name = f"{'r' if state.name[0] == 't' else 't'}{self.number}"
            line = f"rename {state.name} {name}"
            state = state._replace(name=name)
        else:
            host = f"extra{self.number}.example.net"
            line = f"domain remove {host}" if state.extra else f"domain add {state.name} {host}"
            state = state._replace(extra=not state.extra)
        self.history.change(state, lambda: tenantctl(line))


@pytest.fixture(params=["notified", "polling"])
def freshness(request, tenantctl):
    """The promised freshness in seconds, in a database that keeps its half of the promise."""
    tenantctl("init --notify --yes" if request.param == "notified" else "init")
    return 0.1 if request.param == "notified" else 1.5


@pytest.fixture
def tenants(tenantctl, database, freshness):
    tenantctl.migration("1_orders", "CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL);")
    lines = [f"t{number},domain{number}.example.org\n" for number in range(TENANTS)]
    (tenantctl.folder / "tenants.csv").write_text("name,domain\n" + "".join(lines))
    tenantctl("create --from-file tenants.csv")
    keys = dict(database.query("SELECT name, id::text FROM tenants"))
    for number in range(TENANTS):
        database.query(f"INSERT INTO t{number}.orders (customer) VALUES ('customer of {number}')")
    return [Tenant(number, keys[f"t{number}"]) for number in range(TENANTS)]


def run(port, target, tenants, tenantctl, count, seed):
    """Sends the requests while tenants are changed; returns the visits and who slept meanwhile."""
    chance = random.Random(seed)
    often = tenants + tenants[:CHANGED] * 4
    requests = [
        (host, f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) for tenant in often for host in tenant.hosts
    ]
    pool, visits = visit_all(port, requests, count, CLIENTS, seed)
    with pool, Sleeper() as sleeper:
        changes = 0
        while not visits.ready():
            chance.choice(tenants[:CHANGED]).change(tenantctl, chance)
            changes += 1
        found = [visit for part in visits.get() for visit in part]
    assert changes >= 10, changes
    return found, sleeper


# A shared machine holds up single processes, which the sleeper does not see: so many of the answers may be late, but not as
# late as without notifications.
LATE = 1 / 500
VERY_LATE = 0.4


def judge(visits, sleeper, tenants, freshness, matches):
    """Fails if an answer was never right, or several came too late. `matches` says whether an answer is that of a tenant that is
    `expected` to be served."""
    owners = {host: tenant for tenant in tenants for host in tenant.hosts}
    lags, late, seen = [], [], set()
    for visit in visits:
        tenant = owners[visit.host]
        expects = tenant.hosts[visit.host]
        lag = tenant.history.lag(visit, lambda state: matches(visit.answer, tenant, expects(state)))
        if lag < float("inf"):
            # From the commit to the answer four processes wait for each other: server, gateway, server, gateway.
            lag = max(0.0, lag - 4 * sleeper.stalled(visit.sent - lag, visit.sent))
        lags.append(lag)
        seen.add(visit.answer[0])
        if lag > freshness:
            late.append((visit, lag, tenant.history.periods[-4:]))
    # With -s this is the figure to watch.
    print(f"{len(visits)} answers, {len(late)} late; the oldest was {1000 * max(lags):.0f} ms behind")
    assert max(lags) <= freshness + VERY_LATE, [visit for visit in late if visit[1] > freshness + VERY_LATE][:5]
    assert len(late) <= LATE * len(visits), (len(late), late[:5])
    return seen


def is_answer_of_gateway(answer, tenant, expected):
    status, headers, _ = answer
    if expected in ("unknown", "deactivated"):
        return status == 403 and headers == {"x-tenant-error": expected}
    names = {"x-tenant": expected, "x-tenant-schema": expected, "x-tenant-id": tenant.key, "x-tenant-public": ""}
    return status == 200 and headers == names


def is_answer_of_app(answer, tenant, expected):
    status, _, body = answer
    if expected in ("unknown", "deactivated"):
        return status == 403
    if status == 500:
        # The proxy was answered, and then the schema was renamed: the app finds no table, and nobody else's either.
        return True
    return status == 200 and json.loads(body) == {"tenant": expected, "customers": [f"customer of {tenant.number}"]}


def test_the_gateway_is_never_behind(tenantctl, tenants, freshness):
    with gateway(tenantctl) as running:
        visits, sleeper = run(running.port, "/auth", tenants, tenantctl, REQUESTS * 9 // 20, seed=1)
        assert judge(visits, sleeper, tenants, freshness, is_answer_of_gateway) == {200, 403}


def test_nor_is_an_app_behind_nginx(tenantctl, tenants, freshness, database):
    folder = tenantctl.folder
    (folder / "page.py").write_text(snippets("An app behind it", "python")[0])
    with ExitStack() as stack:
        app = stack.enter_context(served(folder, "page:app", {"DATABASE_URL": database.url}))
        running = stack.enter_context(gateway(tenantctl))
        through = stack.enter_context(nginx(folder / "nginx", running.port, app))
        visits, sleeper = run(through.port, "/orders", tenants, tenantctl, REQUESTS // 20, seed=2)
        errors = [visit for visit in visits if visit.answer[0] == 500]
        print(f"{len(errors)} times a schema was renamed under the app")
        judge(visits, sleeper, tenants, freshness, is_answer_of_app)
        check_renames(errors, sleeper, tenants, freshness)


def check_renames(errors, sleeper, tenants, freshness):
    """An app's error is excused by a rename of just then, and by nothing else."""
    owners = {host: tenant for tenant in tenants for host in tenant.hosts}
    for visit in errors:
        periods = owners[visit.host].history.periods
        near = [
            (one, other)
            for one, other in zip(periods, periods[1:])
            if one.state.name != other.state.name
            and other.begin <= visit.received
            and visit.sent <= one.end + freshness + 4 * sleeper.stalled(one.end, visit.sent)
        ]
        assert near, (visit, periods)
