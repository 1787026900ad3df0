"""The gateway's answers to input that no proxy sends."""

import os
import socket
from http.client import HTTPResponse

import pytest

from support.gateway import Reply, needs_gateway

pytestmark = needs_gateway

# It says where it listens, and that the registry was read.
LINES = 5


def raw(gateway, head):
    """What the gateway answers to these bytes; status 0 if it closes the connection without a word."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as connection:
        connection.sendall(head)
        response = HTTPResponse(connection)
        try:
            response.begin()
        except ConnectionError:
            return Reply(0, {}, "")
        return Reply(response.status, response.headers, response.read().decode())


BAD = {
    "a host of 10 kB": b"Host: " + b"a" * 10_000 + b".com",
    "a label of 10 kB": b"Host: x." + b"a" * 10_000,
    "NUL": b"Host: acme\0.com",
    "NUL after it": b"Host: acme.com\0",
    "a space": b"Host: acme .com",
    "a slash": b"Host: acme.com/x",
    "a scheme": b"Host: http://acme.com",
    "two hosts": b"Host: acme.com\r\nHost: globex.example.com",
    "two equal hosts": b"Host: acme.com\r\nHost: acme.com",
    "two forwarded hosts": b"Host: x\r\nX-Forwarded-Host: acme.com\r\nX-Forwarded-Host: globex.example.com",
    "a list of forwarded hosts": b"Host: x\r\nX-Forwarded-Host: acme.com, globex.example.com",
    "a list without spaces": b"Host: x\r\nX-Forwarded-Host: acme.com,globex.example.com",
    "bytes that are no UTF-8": b"Host: acme\xff.com",
    "only a dot": b"Host: .",
    "only a port": b"Host: :80",
}


@pytest.mark.parametrize("endpoint", ["/auth", "/forward"])
@pytest.mark.parametrize("what", BAD)
def test_a_host_that_is_none_is_refused(running_gateway, endpoint, what):
    answer = raw(running_gateway, b"GET %s HTTP/1.1\r\n%s\r\n\r\n" % (endpoint.encode(), BAD[what]))
    # 400 is the HTTP server's own word.
    assert answer.status in (0, 400, 403 if endpoint == "/auth" else 404), answer
    if answer.status >= 403:
        assert answer.headers["X-Tenant-Error"] in ("invalid", "unknown")
    assert len(running_gateway.log().splitlines()) < LINES
    assert running_gateway.ask(endpoint, "acme.com").status == 200


def test_hosts_in_other_spellings(running_gateway):
    # UTF-8 and underscores are in nobody's domain here, and no error.
    for host in ["käse.example.com", "a_b.example.com", "xn--kse-qla.example.com"]:
        answer = raw(running_gateway, b"GET /forward HTTP/1.1\r\nHost: %s\r\n\r\n" % host.encode())
        assert (answer.status, answer.headers["X-Tenant-Error"]) == (404, "unknown"), host


def resident(gateway):
    """The gateway's memory in kB."""
    with open(f"/proc/{gateway.process.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def flood(gateway, first, count, batch=500):
    """Asks about unknown names, many at a time on one connection. Returns how many were refused."""
    refused = 0
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as connection:
        for start in range(first, first + count, batch):
            requests = [b"HEAD /auth HTTP/1.1\r\nHost: n%d.example.com\r\n\r\n" % n for n in range(start, start + batch)]
            connection.sendall(b"".join(requests))
            answers = b""
            while answers.count(b"\r\n\r\n") < batch:
                received = connection.recv(1 << 20)
                assert received, answers[-200:]
                answers += received
            refused += answers.count(b"HTTP/1.1 403 ")
    return refused


def test_a_flood_of_unknown_names(running_gateway):
    """TENANTCTL_TEST_FLOOD=1000000 asks about a million."""
    count = int(os.environ.get("TENANTCTL_TEST_FLOOD", 50_000))
    assert flood(running_gateway, 0, 20_000) == 20_000
    before = resident(running_gateway)
    assert flood(running_gateway, 20_000, count) == count
    # A hundred bytes for each name would be more.
    assert resident(running_gateway) - before < max(4_000, count / 40)
    assert len(running_gateway.log().splitlines()) < LINES
