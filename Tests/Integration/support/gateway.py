"""A running tenantctl-gateway, and a client that sends exactly what it is told to."""

import http.client
import os
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from support.tenantctl import REPOSITORY

BINARY = Path(os.environ.get("TENANTCTL_TEST_GATEWAY") or REPOSITORY / ".build/debug/tenantctl-gateway").resolve()
NAMES = ("X-Tenant", "X-Tenant-Schema", "X-Tenant-Id", "X-Tenant-Public")

needs_gateway = pytest.mark.skipif(
    "Gateway" not in os.environ.get("TENANTCTL_TRAITS", "").split(","),
    reason="the gateway is built and tested with TENANTCTL_TRAITS=Gateway",
)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: str

    def tenant(self):
        """What the answer says under the four names of the page; each has to be there exactly once."""
        found = [self.headers.get_all(name) for name in NAMES]
        assert all(values and len(values) == 1 for values in found), self.headers.items()
        return tuple(values[0] for values in found)


def request(port, target, *headers, method="GET", body=None, sni=None, trusted=None):
    """Sends a request with these headers, in this order and no others, and reads the whole answer."""
    if trusted:
        connection = _Named("127.0.0.1", port, sni, trusted)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


class _Named(http.client.HTTPSConnection):
    """A connection to this machine that asks for the certificate of a name."""

    def __init__(self, host, port, name, trusted):
        super().__init__(host, port, timeout=30, context=ssl.create_default_context(cafile=trusted))
        self._name = name

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


@contextmanager
def running(command, log, is_up, **options):
    """A program that is up inside of `with`, and is stopped by its process id."""
    with log.open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        wait_until(is_up, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(holds, process=None, log=None, seconds=30):
    """Waits until it holds; fails when the program has ended or the time is over."""
    deadline = time.monotonic() + seconds
    while not holds():
        ended = process is not None and process.poll() is not None
        assert not ended and time.monotonic() < deadline, log.read_text() if log else "it never came true"
        # Between two questions to another process, which has no other way to say that it is ready.
        time.sleep(0.02)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


class Gateway:
    """A running gateway."""

    def __init__(self, port, process, log):
        self.port = port
        self.process = process
        self._log = log

    def get(self, target, *headers, method="GET"):
        return request(self.port, target, *headers, method=method)

    def ask(self, endpoint, host, method="GET"):
        """Asks an endpoint about a host, as those do for whom it is."""
        if endpoint in ("/auth", "/forward"):
            return self.get(endpoint, ("Host", "gateway"), ("X-Forwarded-Host", host), method=method)
        if endpoint == "/envoy/":
            return self.get("/envoy/orders?x=1", ("Host", host), method=method)
        key = "domain" if endpoint == "/ask" else "host"
        return self.get(f"{endpoint}?{key}={host}", ("Host", "gateway"), method=method)

    def is_ready(self):
        return self.get("/readyz", ("Host", "gateway")).status == 200

    def metrics(self):
        """The values of /metrics by name and labels, as the text has them."""
        lines = self.get("/metrics", ("Host", "gateway")).body.splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    def log(self):
        return self._log.read_text()


@contextmanager
def gateway(tenantctl, configuration="", url=None, until_ready=True, prefix=()):
    """The gateway of the database of `tenantctl`, with these keys in its table of tenantctl.toml.

    `prefix` is a program that becomes the gateway, such as prlimit.
    """
    port = free_port()
    folder = tenantctl.folder / f"gateway-{port}"
    folder.mkdir()
    (folder / "tenantctl.toml").write_text(f"[gateway]\n{configuration}")
    environment = {**tenantctl.environment, **({"DATABASE_URL": url} if url else {})}
    command = [*prefix, BINARY, "--listen", f"127.0.0.1:{port}"]
    log = folder / "log"
    with running(command, log, lambda: listens(port), cwd=folder, env=environment) as process:
        started = Gateway(port, process, log)
        if until_ready:
            wait_until(started.is_ready, process, log)
        yield started
