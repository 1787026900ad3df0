"""The tables of docs/gateway.md: what each endpoint answers, and the metrics."""

import json
from urllib.parse import quote

import pytest

from support.gateway import NAMES, gateway, needs_gateway
from support.tenantctl import REPOSITORY

pytestmark = needs_gateway

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def table(heading):
    """The rows of the table below a heading of the page, without the names of its columns."""
    section = (REPOSITORY / "docs/gateway.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


# From an endpoint's first word to what it answers for a tenant, an unknown host, a deactivated tenant, and at the start.
ENDPOINTS = {row[0].split("?")[0].strip("`").rstrip("."): row[2:] for row in table("Endpoints") if row[2]}


def status(text):
    return 404 if text == "`deactivated_status`" else int(text)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_statuses(running_gateway, endpoint):
    tenant, unknown, deactivated, _ = map(status, ENDPOINTS[endpoint])
    hosts = {"acme.com": tenant, "nobody.example.com": unknown, "initech.com": deactivated}
    assert {host: running_gateway.ask(endpoint, host).status for host in hosts} == hosts


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_statuses_before_the_registry_is_read(three_tenants, endpoint):
    with gateway(three_tenants, url="postgresql://nobody@127.0.0.1:1/none", until_ready=False) as started:
        answer = started.ask(endpoint, "acme.com")
        assert answer.status == status(ENDPOINTS[endpoint][3])
        assert answer.headers["X-Tenant-Error"] in ("unavailable", None)
        assert answer.headers["Cache-Control"] == "no-store"
        assert started.get("/healthz", ("Host", "gateway")).status == 200
        ready = started.get("/readyz", ("Host", "gateway"))
        assert ready.status == 503 and ready.body.strip()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("endpoint", ["/auth", "/forward", "/envoy/"])
def test_any_method_is_answered(running_gateway, endpoint, method):
    answer = running_gateway.ask(endpoint, "acme.com", method)
    assert (answer.status, answer.tenant()[:2]) == (200, ("acme", "acme"))
    assert running_gateway.ask(endpoint, "nobody.example.com", method).status == status(ENDPOINTS[endpoint][1])


@pytest.mark.parametrize("endpoint", ["/auth", "/forward"])
def test_the_host_without_a_proxys_header(running_gateway, endpoint):
    answer = running_gateway.get(endpoint, ("Host", "acme.com:8080"))
    assert answer.tenant()[0] == "acme"
    # The proxy's header wins.
    answer = running_gateway.get(endpoint, ("Host", "acme.com"), ("X-Forwarded-Host", "globex.example.com"))
    assert answer.tenant()[0] == "globex"


def test_the_four_headers(running_gateway, three_tenants):
    key = str(three_tenants.json("show acme").get("id"))
    for endpoint in ["/auth", "/forward", "/envoy/"]:
        name, schema, found, public = running_gateway.ask(endpoint, "acme.com").tenant()
        assert (name, schema, public) == ("acme", "acme", "")
        assert found == key or key == "None"
        assert running_gateway.ask(endpoint, "www.example.com").tenant() == ("", "", "", "true")
        denied = running_gateway.ask(endpoint, "initech.com")
        assert denied.headers["X-Tenant-Error"] == "deactivated"
        assert not [name for name in NAMES if denied.headers[name]]
        for host in ["acme.com", "initech.com", "nobody.example.com"]:
            assert running_gateway.ask(endpoint, host).headers["Cache-Control"] == "max-age=1"


@pytest.mark.parametrize(
    "host", ["globex.example.com", "www.example.com", "127.0.0.1", "[::1]", "localhost", "", "www.acme.com", "*.acme.com"]
)
def test_no_certificate_without_a_row(running_gateway, host):
    assert running_gateway.ask("/ask", host).status == 404


def test_certificates_only_for_a_name(running_gateway):
    for query in ["", "?", "?domain", "?host=acme.com", "?domain=%00", "?domain=%ff"]:
        answer = running_gateway.get(f"/ask{query}", ("Host", "acme.com"))
        assert answer.status in (400, 404), (query, answer)
    assert running_gateway.get("/ask?domain=ACME.com.", ("Host", "x")).status == 200


@pytest.mark.parametrize("host", ["acme.com", "ACME.com", "globex.example.com", "www.example.com", "127.0.0.1"])
def test_resolve_is_that_of_tenantctl(running_gateway, three_tenants, host):
    assert json.loads(running_gateway.ask("/resolve", host).body) == three_tenants.json(f"resolve {host}")


@pytest.mark.parametrize("host, code", [("nobody.example.com", 404), ("a b", 400)])
def test_resolve_says_why_not_in_json(running_gateway, three_tenants, host, code):
    answer = running_gateway.ask("/resolve", quote(host))
    assert (answer.status, answer.headers.get_content_type()) == (code, "application/json")
    told = three_tenants.run(f"resolve '{host}' --format json")
    assert json.loads(answer.body)["error"]["hint"] == json.loads(told.stdout)["error"]["hint"]


def test_resolve_shows_deactivated_tenants(running_gateway):
    found = json.loads(running_gateway.ask("/resolve", "initech.com").body)
    assert (found["tenant"], found["active"]) == ("initech", False)


def test_public_hosts_can_be_refused(three_tenants):
    with gateway(three_tenants, "public = false\n") as started:
        for endpoint in ["/auth", "/forward", "/envoy/", "/ask"]:
            assert started.ask(endpoint, "www.example.com").status == status(ENDPOINTS[endpoint][1]), endpoint
        assert started.ask("/forward", "www.example.com").headers["X-Tenant-Error"] == "unknown"
        assert started.ask("/forward", "acme.com").status == 200


@pytest.mark.parametrize("number", [402, 403, 404, 410, 423, 503])
def test_the_status_of_a_deactivated_tenant(three_tenants, number):
    with gateway(three_tenants, f"deactivated_status = {number}\n") as started:
        assert started.ask("/forward", "initech.com").status == number
        assert started.ask("/forward", "nobody.example.com").status == 404
        # nginx would take any other for an error.
        assert started.ask("/auth", "initech.com").status == 403


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/auth", "/../metrics", "/%2e%2e/metrics", "/%zz", "/%00%ff", "/?domain=x", "*"]
)
def test_a_path_is_nothing_to_envoys_endpoint(running_gateway, path):
    assert running_gateway.get(f"/envoy{path}", ("Host", "acme.com")).tenant()[0] == "acme"
    assert running_gateway.get(f"/envoy{path}", ("Host", "nobody.example.com")).status == 404


def test_what_is_no_endpoint_is_not_found(running_gateway):
    for target in ["/", "/auth/", "/authx", "/forward/x", "/ask/acme.com", "/envoyx", "/AUTH", "/resolve/acme.com"]:
        assert running_gateway.get(target, ("Host", "acme.com")).status == 404, target


# Metrics


def test_the_metrics_are_those_of_the_page(running_gateway):
    answer = running_gateway.get("/metrics", ("Host", "gateway"))
    assert answer.headers.get_content_type() == "text/plain"
    told = {name.strip("` ").split("{")[0] for row in table("Metrics") for name in row[0].split("`, `")}
    found = {line.split()[2] for line in answer.body.splitlines() if line.startswith("# TYPE ")}
    assert found == told
    # Every sample belongs to a family that is introduced before it.
    names = {name.split("{")[0] for name in running_gateway.metrics()}
    assert {name for name in names if not name.startswith(tuple(found))} == set()
