"""Requests a second and their times, beside a constant route of the same HTTP server and beside flask-tenants."""

import statistics
from pathlib import Path

from gateway_servers import ConstantRoute, FlaskTenants, Gateway
from report import duration
from wrk import Load, walk

CONNECTIONS = (1, 16, 64)
# As many as keep two workers of gunicorn busy.
FLASK_CONNECTIONS = 16
WARM_UP = 1
CONSTANT, FLASK = "Hummingbird, a constant route", "gunicorn, a constant route"


def measure(bench, report, settings, registry):
    hosts = Hosts(bench, registry)
    with Gateway(bench, registry) as gateway, ConstantRoute() as constant, FlaskTenants(registry) as flask:
        for connections in CONNECTIONS:
            reference, *ours = in_rounds(
                settings.rounds,
                lambda seconds: walk(constant, "/constant", hosts.domains, seconds, connections),
                lambda seconds: walk(gateway, "/auth", hosts.domains, seconds, connections),
                lambda seconds: walk(gateway, "/auth", hosts.labels, seconds, connections),
                lambda seconds: walk(gateway, "/auth", hosts.unknown, seconds, connections, are_refused=True),
                seconds=settings.seconds,
            )
            for kind, load in zip(("domain", "first label", "unknown host"), ours):
                what = f"`/auth`, {kind}, {connections} connection{'s' * (connections > 1)}"
                compare(report, what, load, CONSTANT, reference)
        reference, ours = in_rounds(
            settings.rounds,
            lambda seconds: walk(flask, "/constant", hosts.labels, seconds, FLASK_CONNECTIONS, "Host"),
            lambda seconds: walk(gateway, "/auth", hosts.labels, seconds, FLASK_CONNECTIONS),
            seconds=settings.seconds,
        )
        what = f"`/auth`, first label, {FLASK_CONNECTIONS} connections"
        theirs = f"{flask.label} and {FLASK}"
        report.gateway(what, figures(ours), theirs, figures(reference), f"{ours.rate / reference.rate:.0f}")


def compare(report, what, ours, reference, theirs):
    """Three rows, with what must hold. The processor time depends least on what else the machine does."""
    ratio = f"{ours.rate / theirs.rate:.2f}"
    report.gateway(f"{what}: requests a second", rate(ours), reference, rate(theirs), ratio, ">= 0.8")
    difference = f"{(ours.p99 - theirs.p99) * 1000:+.2f} ms"
    report.gateway(f"{what}: p99", duration(ours.p99), "the same", duration(theirs.p99), difference, "<= +1 ms")
    ratio = f"{ours.cpu / theirs.cpu:.2f}"
    report.gateway(f"{what}: CPU a request", microseconds(ours.cpu), "the same", microseconds(theirs.cpu), ratio)


def in_rounds(rounds, *loads, seconds):
    """The medians. Only one server is under load at a time, and each round begins with another one."""
    for load in loads:
        load(WARM_UP)
    columns = [[] for _ in loads]
    for number in range(rounds):
        for position in range(len(loads)):
            chosen = (number + position) % len(loads)
            columns[chosen].append(loads[chosen](seconds))
    return [median(column) for column in columns]


def median(loads):
    def of(name):
        return statistics.median(getattr(load, name) for load in loads)

    return Load(of("rate"), of("p50"), of("p99"), of("cpu"))


def rate(load):
    return f"{load.rate:,.0f}"


def microseconds(seconds):
    return f"{seconds * 1e6:.0f} µs"


def figures(load):
    return f"{rate(load)} a second, p50 {duration(load.p50)}, p99 {duration(load.p99)}"


class Hosts:
    """Files with a host of each tenant on each line."""

    def __init__(self, bench, registry):
        def written(kind, host):
            file = Path(bench.folder, f"hosts-{kind}")
            file.write_text("".join(f"{host(number)}\n" for number in range(1, registry.size + 1)))
            return file

        self.domains = written("domains", registry.domain)
        self.labels = written("labels", lambda number: f"{registry.name(number)}.example.com")
        self.unknown = written("unknown", lambda number: f"nobody-{number}.example.com")
