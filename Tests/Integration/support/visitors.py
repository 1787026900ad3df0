"""Clients that visit tenants all the time, while something else happens."""

import itertools
import threading
import time
from contextlib import contextmanager

# A test that takes longer than this is broken, and its visitors go home.
_SECONDS = 120


class Visitors:
    """What they have seen. `expected` has the answer that each tenant is to give."""

    def __init__(self, app, expected):
        self.app = app
        self.expected = expected
        self.visits = 0
        self.complaints = []
        self._lock = threading.Lock()
        self._leaving = threading.Event()

    def visit(self, tenant):
        try:
            answer = self.app.tanks(tenant)
        except OSError as error:
            answer = error
        with self._lock:
            self.visits += 1
            if answer != self.expected[tenant]:
                self.complaints.append((tenant, answer))

    def walk(self, tenants, pause, deadline):
        for tenant in itertools.cycle(tenants):
            if self._leaving.is_set():
                break
            if time.monotonic() > deadline:
                self.complaints.append("the visitors went home before the work was done")
                return
            self.visit(tenant)
            self._leaving.wait(pause)
        # The last round sees what the work has left behind.
        for tenant in tenants:
            self.visit(tenant)


@contextmanager
def visiting(app, tenants, clients=4, pause=0.005):
    """Has clients visit the tenants as long as the `with` block runs, and once more after it.

    Between two visits a client pauses, for so many seconds, so that the work gets its share of the processors.
    Fails where one of them ever got another answer than at the beginning.
    """
    visitors = Visitors(app, {tenant: app.tanks(tenant) for tenant in tenants})
    strangers = {tenant: answer for tenant, answer in visitors.expected.items() if answer.status != 200}
    assert not strangers, strangers
    deadline = time.monotonic() + _SECONDS
    parts = [tenants[client::clients] for client in range(clients)]
    threads = [threading.Thread(target=visitors.walk, args=(part, pause, deadline)) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield visitors
    finally:
        visitors._leaving.set()
        for thread in threads:
            thread.join()
    assert not visitors.complaints, visitors.complaints[:10]
    # Fewer would mean that nobody was there during the work.
    assert visitors.visits >= 2 * len(tenants), visitors.visits
