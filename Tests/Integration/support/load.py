"""Clients that ask about hosts all the time, each a process of its own, and the judge of what they were answered.

An answer is right if it is that of a state which was in force at some time between the request's sending, less the promised
freshness, and the answer's arrival. All times are the machine's monotonic clock, which its processes share.
"""

import itertools
import multiprocessing
import random
import socket
import time
from typing import Any, NamedTuple

_PAUSE = 0.001


class Visit(NamedTuple):
    host: str
    sent: float
    received: float
    answer: Any


class Period(NamedTuple):
    """A state, from the beginning of the change that made it to the end of the one that replaced it."""

    begin: float
    end: float
    state: Any


class History:
    """Which state a thing was in, and when."""

    def __init__(self, state):
        self.periods = [Period(float("-inf"), float("inf"), state)]

    @property
    def state(self):
        return self.periods[-1].state

    def change(self, state, action):
        """Has `action` make it so. The change is in force at some time while that runs."""
        begin = time.monotonic()
        action()
        self.periods[-1] = self.periods[-1]._replace(end=time.monotonic())
        self.periods.append(Period(begin, float("inf"), state))

    def lag(self, visit, matches):
        """How many seconds the answer was behind; 0 if it was current, infinite if it was never right."""
        ends = [period.end for period in self.periods if period.begin <= visit.received and matches(period.state)]
        return max(0.0, visit.sent - max(ends)) if ends else float("inf")


class Sleeper:
    """A process that only sleeps and wakes up: where it comes late, the machine had no time for anybody.

    A builder beside the tests has kept it waiting for 700 ms, and so the gateway.
    """

    _NAP = 0.005

    def __enter__(self):
        context = multiprocessing.get_context("spawn")
        asleep, self._over, self._late = context.Event(), context.Event(), context.Queue()
        self._process = context.Process(target=_sleep, args=(self._NAP, asleep, self._over, self._late))
        self._process.start()
        assert asleep.wait(60)
        return self

    def __exit__(self, *_):
        self._over.set()
        self._stalls = self._late.get(timeout=60)
        self._process.join(60)

    def stalled(self, begin, end):
        """For how many seconds between these times it wanted to run and could not."""
        parts = (min(end, until) - max(begin, since) for since, until in self._stalls)
        return sum(part for part in parts if part > 0)


def _sleep(nap, asleep, over, late):
    stalls = []
    asleep.set()
    while not over.is_set():
        due = time.monotonic() + nap
        # What is measured is how late this ends.
        time.sleep(nap)
        if (now := time.monotonic()) > due + nap:
            stalls.append((due, now))
    late.put(stalls)


def visit_all(port, requests, count, clients, seed):
    """Has so many clients send `count` requests or a few more; returns their pool and the coming visits of each.

    `requests` are pairs of a host and the bytes that ask about it. Each client keeps its connection open.
    """
    pool = multiprocessing.get_context("spawn").Pool(clients)
    parts = [(port, requests, -(-count // clients), seed + client) for client in range(clients)]
    return pool, pool.starmap_async(_visit, parts, chunksize=1)


def _visit(port, requests, count, seed):
    visits = []
    todo = iter(random.Random(seed).choices(requests, k=count))
    while len(visits) < count:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = connection.makefile("rb")
            # nginx closes a connection after a thousand requests.
            for host, request in itertools.islice(todo, 1000):
                sent = time.monotonic()
                connection.sendall(request)
                answer = read_answer(answers)
                visits.append(Visit(host, sent, time.monotonic(), answer))
                # A pause, so that those who make the changes get their share of the processors.
                time.sleep(_PAUSE)
    return visits


def read_answer(answers):
    """The status, the headers in lower case that say who the tenant is, and the body."""
    status = int(answers.readline().split(b" ", 2)[1])
    tenant, length = [], 0
    while (line := answers.readline()) not in (b"\r\n", b""):
        name, value = line.split(b":", 1)
        name = name.lower()
        if name.startswith(b"x-tenant"):
            tenant.append((name.decode(), value.strip().decode()))
        elif name == b"content-length":
            length = int(value)
    return status, dict(tenant), answers.read(length)
