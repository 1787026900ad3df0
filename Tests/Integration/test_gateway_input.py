"""The gateway's answers to input that no proxy sends."""

import socket
from http.client import HTTPResponse

import pytest

from support.gateway import Reply, needs_gateway
from support.load import read_answer

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


def test_unknown_names_leave_no_trace(running_gateway):
    """No memory and no line in the log: 5,000 names, by requests that are sent before the answers are read."""
    size = resident(running_gateway)
    for part in range(5):
        requests = [
            b"GET /auth HTTP/1.1\r\nHost: %s.example.com\r\n\r\n" % (b"%d-" % number * 20)
            for number in range(part * 1000, part * 1000 + 1000)
        ]
        with socket.create_connection(("127.0.0.1", running_gateway.port), timeout=30) as connection:
            answers = connection.makefile("rb")
            for number in range(0, 1000, 50):
                connection.sendall(b"".join(requests[number : number + 50]))
                assert {read_answer(answers)[0] for _ in range(50)} == {403}
    assert len(running_gateway.log().splitlines()) < LINES
    assert resident(running_gateway) - size < 16 * 1024


def resident(gateway):
    """The gateway's memory in kB."""
    with open(f"/proc/{gateway.process.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
