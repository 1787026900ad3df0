"""The gateway while its database is away: known hosts go on being answered, and afterwards the answers are current."""

import os
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from support.gateway import gateway, needs_gateway, wait_until
from support.load import Sleeper
from support.pgbouncer import pgbouncer
from support.postgres import private_server
from support.tenantctl import Tenantctl

pytestmark = needs_gateway

# What docs/gateway.md promises, in seconds.
CURRENT_AGAIN = 2
SLOW = 'interval = "1h"\n'
KNOWN = {
    "acme.com": (200, "acme"),
    "globex.example.com": (200, "globex"),
    "initech.com": (403, None),
    "www.acme.com": (200, ""),
}


@pytest.fixture(scope="module")
def private():
    with private_server() as server:
        yield server


@pytest.fixture
def database(private):
    with private.database() as database:
        yield database


@pytest.fixture
def tenantctl(database, tmp_path):
    tenantctl = Tenantctl(tmp_path, database)
    tenantctl("init --notify --yes")
    tenantctl("create acme --domain acme.com")
    tenantctl("create globex")
    tenantctl("create initech --domain initech.com --deactivated")
    return tenantctl


def say(gateway, host):
    answer = gateway.ask("/auth", host)
    return answer.status, answer.headers["X-Tenant"]


@contextmanager
def asking(gateway):
    """Asks for the known hosts all the time; fails if one of them ever gets another answer."""
    wrong, asked, over = [], [], threading.Event()

    def ask():
        while not over.is_set():
            for host, expected in KNOWN.items():
                asked.append(host)
                if (answer := say(gateway, host)) != expected:
                    wrong.append((host, answer))
            over.wait(0.005)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not wrong, wrong[:5]
    assert len(asked) > 20


def within(seconds, action, holds):
    """Fails unless it holds so many seconds after the action, not counting the time that the machine had for nobody."""
    with Sleeper() as sleeper:
        action()
        begin = time.monotonic()
        wait_until(holds)
        end = time.monotonic()
    assert end - begin - sleeper.stalled(begin, end) <= seconds


def is_current(tenantctl, gateway, name, seconds):
    """Fails unless a new tenant is known within so many seconds."""
    create = lambda: tenantctl(f"create {name} --domain {name}.com")
    within(seconds, create, lambda: say(gateway, f"{name}.com") == (200, name))


def age(gateway):
    """How long ago the answers were last known to be current, by the metrics."""
    return gateway.metrics()["tenantctl_gateway_registry_age_seconds"]


def test_the_listening_session_is_killed(private, database, tenantctl):
    with gateway(tenantctl, SLOW) as running, asking(running):
        (session,) = private.sessions(database)
        private.kill(session)
        wait_until(lambda: private.answers() and private.sessions(database) not in ([], [session]))
        is_current(tenantctl, running, "hooli", CURRENT_AGAIN)
        # It listens again: it would not ask before the test has failed.
        is_current(tenantctl, running, "umbrella", 20)


def test_the_listening_session_is_terminated(private, database, tenantctl):
    with gateway(tenantctl, SLOW) as running, asking(running):
        (session,) = private.sessions(database)
        private.query(f"SELECT pg_terminate_backend({session})")
        is_current(tenantctl, running, "hooli", CURRENT_AGAIN)


def test_the_server_is_restarted(private, tenantctl):
    with gateway(tenantctl) as running, asking(running):
        private.stop()
        private.start()
        is_current(tenantctl, running, "hooli", CURRENT_AGAIN)


def test_the_server_is_away(private, tenantctl):
    with gateway(tenantctl) as running, asking(running):
        assert running.is_ready()
        private.stop()
        gone = time.monotonic()
        try:
            wait_until(lambda: not running.is_ready())
            # The outage itself: long enough for the metrics, which count seconds.
            time.sleep(3)
            reply = running.get("/readyz", ("Host", "gateway"))
            assert reply.status == 503 and re.search(r"\d", reply.body), reply
            assert running.get("/healthz", ("Host", "gateway")).status == 200
            assert 1 <= age(running) <= time.monotonic() - gone + 2
            # A host that nobody knows is refused, not an error.
            assert say(running, "nobody.example.com") == (403, None)
        finally:
            private.start()
        is_current(tenantctl, running, "hooli", CURRENT_AGAIN)
        wait_until(running.is_ready)


def test_patience_ends(private, tenantctl):
    with gateway(tenantctl, 'patience = "2s"\n') as running:
        private.stop()
        try:
            wait_until(lambda: say(running, "acme.com")[0] == 500)
            assert running.ask("/auth", "acme.com").headers["X-Tenant-Error"] == "unavailable"
            assert running.ask("/auth", "acme.com").headers["Cache-Control"] == "no-store"
            forward = running.get("/forward", ("Host", "acme.com"))
            assert (forward.status, forward.headers["X-Tenant-Error"]) == (503, "unavailable")
            assert not running.is_ready()
        finally:
            within(CURRENT_AGAIN, private.start, lambda: say(running, "acme.com") == (200, "acme"))


def test_it_starts_without_a_server(private, tenantctl):
    private.stop()
    try:
        with gateway(tenantctl, until_ready=False) as running:
            assert say(running, "acme.com") == (500, None)
            assert running.get("/forward", ("Host", "acme.com")).status == 503
            reply = running.get("/readyz", ("Host", "gateway"))
            assert reply.status == 503 and reply.body.strip()
            within(CURRENT_AGAIN, private.start, running.is_ready)
            assert say(running, "acme.com") == (200, "acme")
    finally:
        if not private.answers():
            private.start()


# Through PgBouncer


@contextmanager
def pooled(tenantctl, configuration):
    """The gateway with its database behind PgBouncer in transaction mode."""
    url = f"{tenantctl.environment['DATABASE_URL']}&password=trusted"
    with pgbouncer(url) as through, gateway(tenantctl, configuration.replace("DIRECT", url), url=through) as running:
        yield running


def check_changes(tenantctl, running, seconds):
    assert say(running, "acme.com") == (200, "acme")
    within(seconds, lambda: tenantctl("deactivate acme"), lambda: say(running, "acme.com") == (403, None))
    rename = lambda: tenantctl("rename globex lagoon")
    within(seconds, rename, lambda: say(running, "lagoon.example.com") == (200, "lagoon"))
    assert say(running, "globex.example.com") == (403, None)


def test_notifications_come_by_a_direct_connection(tenantctl):
    # No question would bring the change before the test has failed.
    with pooled(tenantctl, 'interval = "1h"\nnotify_database = "DIRECT"\n') as running:
        check_changes(tenantctl, running, 20)


def test_without_an_answer_there_it_asks(tenantctl):
    with pooled(tenantctl, 'notify_database = "postgresql://gateway@/none?host=/nowhere"\n') as running:
        check_changes(tenantctl, running, 1.5)


def test_without_one_it_asks(tenantctl):
    with pooled(tenantctl, "") as running:
        check_changes(tenantctl, running, 1.5)
        assert len(running.log().splitlines()) < 10, running.log()


def test_more_connections_than_files_it_may_open(tenantctl):
    """They wait; without a free descriptor it could not even end in order."""
    with gateway(tenantctl, prefix=("prlimit", "--nofile=64:64")) as started:
        files = f"/proc/{started.process.pid}/fd"
        before = len(os.listdir(files))
        idle = [socket.create_connection(("127.0.0.1", started.port)) for _ in range(100)]
        wait_until(lambda: len(os.listdir(files)) >= before + 12)
        for _ in range(20):
            assert len(os.listdir(files)) <= before + 18
            time.sleep(0.05)  # What must not come has no event.
        for connection in idle:
            connection.close()
        wait_until(started.is_ready)
        assert started.ask("/forward", "acme.com").status == 200
