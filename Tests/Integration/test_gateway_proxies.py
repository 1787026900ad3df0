"""docs/gateway.md: its proxies, its app and its tables, with a real gateway behind.

nginx and Caddy run with the page's own text. In the place of Traefik and Envoy a client sends to the gateway what their
documentation says that they send, and does with the answer what the page's configuration tells them to.
"""

import json
import socket
import ssl
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from support.gateway import NAMES, free_port, gateway, needs_gateway, request, wait_until
from support.proxies import caddy, envoy, nginx, replaced, snippets, traefik
from support.tenantctl import Tenantctl
from support.web import served

pytestmark = needs_gateway

# What the app sees beside its own page.
ECHO = """
from flask import request
from page import app

@app.route("/echo", methods=["GET", "POST"])
def echo():
    tenancy = sorted(pair for pair in request.headers if pair[0].startswith("X-Tenant"))
    return {"tenancy": tenancy, "bytes": len(request.data)}
"""
ROUTING = '[routing]\nbase_domains = ["example.com"]\n'
PUBLIC = ["www.example.com", "example.com", "localhost", "127.0.0.1", "127.0.0.1:80", "[::1]", "other.org"]
TENANTS = {
    "acme": ["acme.com", "ACME.com", "acme.com:8080", "acme.com.", "Acme.Com.:443", "shop.acme.com", "acme.example.com"],
    "globex": ["globex.example.com", "GLOBEX.example.com:80", "globex.example.com."],
    "käse 100%": ["cheese.com"],
}
CASES = [(host, tenant) for tenant, hosts in TENANTS.items() for host in hosts]
DEACTIVATED = ["initech.com", "initech.example.com", "INITECH.com:80"]
UNKNOWN = ["nobody.example.com", "nobody.example.com:80", "acme-com.example.com", "NOBODY.example.com."]
# In the spellings that some server or other takes for the names.
FORGED = [
    *[(name, "globex") for name in NAMES],
    *[(name.lower(), "globex") for name in NAMES],
    *[(name.upper().replace("-", "_"), "globex") for name in NAMES],
    ("X_Tenant-Schema", "globex"),
    ("X-Tenant_Schema", "globex"),
    ("x_tenant_public", "true"),
    ("X-Forwarded-Host", "globex.example.com"),
    ("X-Forwarded-Server", "globex.example.com"),
    ("Forwarded", "host=globex.example.com"),
    ("X-Original-Host", "globex.example.com"),
]


@pytest.fixture(scope="module")
def stand(server, tmp_path_factory):
    """A database with tenants, its gateway, and the page's app."""
    folder = tmp_path_factory.mktemp("gateway")
    with ExitStack() as stack:
        database = stack.enter_context(server.database())
        tenantctl = Tenantctl(folder, database)
        tenantctl("init")
        tenantctl.migration("1_orders", "CREATE TABLE orders (id bigserial PRIMARY KEY, customer text NOT NULL);")
        tenantctl("create acme --domain acme.com")
        tenantctl("domain add acme shop.acme.com")
        tenantctl("create globex")
        tenantctl("create initech --domain initech.com --deactivated")
        # Rows of an app's own, whose names are not those that tenantctl would give.
        database.query('CREATE SCHEMA "käse 100%"; CREATE TABLE "käse 100%".orders (LIKE acme.orders)')
        database.query("INSERT INTO tenants (name) VALUES ('käse 100%')")
        database.query(
            "INSERT INTO domains (tenant_id, tenant_name, domain_name) SELECT id, name, 'Cheese.COM' FROM tenants "
            "WHERE name LIKE 'k%'"
        )
        # Whoever finds this has lost the tenant's path.
        database.query("CREATE TABLE public.orders (id bigint, customer text); INSERT INTO orders VALUES (1, 'nobody')")
        for tenant in TENANTS:
            database.query(f"INSERT INTO \"{tenant}\".orders VALUES (1, 'customer of {tenant}')")
        (folder / "page.py").write_text(snippets("An app behind it", "python")[0])
        (folder / "echo.py").write_text(ECHO)
        # As a server that knows no difference between _ and -, for which gunicorn has to be asked.
        environment = {"DATABASE_URL": database.url, "GUNICORN_CMD_ARGS": "--header-map=dangerous"}
        app = stack.enter_context(served(folder, "echo:app", environment))
        yield SimpleNamespace(
            folder=folder,
            database=database,
            tenantctl=tenantctl,
            app=app,
            gateway=stack.enter_context(gateway(tenantctl, ROUTING)),
        )


@pytest.fixture(scope="module")
def through(stand):
    """From a proxy's name to the function that sends a request through it."""
    ports = (stand.gateway.port, stand.app)
    with nginx(stand.folder / "nginx", *ports) as by_nginx, caddy(stand.folder / "caddy", *ports) as by_caddy:
        yield {"nginx": by_nginx, "caddy": by_caddy, "traefik": traefik(*ports), "envoy": envoy(*ports)}


@pytest.fixture(params=["nginx", "caddy", "traefik", "envoy"])
def ask(request, through):
    """Sends a request through one of the proxies."""
    return through[request.param]


def refused(ask, through):
    """The status of a refusal by this proxy."""
    return 403 if ask is through["nginx"] else 404


# Through each of the proxies


@pytest.mark.parametrize("host, tenant", CASES)
def test_a_tenant_is_served(ask, host, tenant):
    answer = ask(host)
    assert answer.status == 200, answer
    assert json.loads(answer.body) == {"tenant": tenant, "customers": [f"customer of {tenant}"]}


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_host_has_no_tenant(ask, host):
    assert (ask(host).status, ask(host).body) == (200, "Which shop?")


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_is_refused(ask, through, host):
    answer = ask(host)
    assert answer.status == refused(ask, through)
    assert answer.headers["X-Tenant-Error"] == (None if ask is through["nginx"] else "unknown")


@pytest.mark.parametrize("host", DEACTIVATED)
def test_a_deactivated_tenant_is_refused(ask, through, host):
    answer = ask(host)
    assert answer.status == refused(ask, through)
    assert answer.headers["X-Tenant-Error"] == (None if ask is through["nginx"] else "deactivated")


@pytest.mark.parametrize("host", ["acme.com", "www.example.com"])
@pytest.mark.parametrize("name, value", FORGED)
def test_what_a_client_says_about_its_tenant_is_not_believed(ask, host, name, value):
    assert ask(host, (name, value)).body == ask(host).body
    # Nor does any of it reach the app.
    answer = ask(host, (name, value), (name, "another"), target="/echo")
    assert json.loads(answer.body) == json.loads(ask(host, target="/echo").body)


@pytest.mark.parametrize("host", ["nobody.example.com", "initech.com"])
def test_what_a_client_says_about_its_tenant_opens_nothing(ask, through, host):
    assert ask(host, *FORGED).status == refused(ask, through)


def test_the_app_sees_the_four_headers(ask, through, stand):
    key = str(stand.database.query("SELECT id FROM tenants WHERE name = 'acme'")[0][0])
    said = {"X-Tenant": "acme", "X-Tenant-Schema": "acme", "X-Tenant-Id": key, "X-Tenant-Public": ""}
    public = {"X-Tenant": "", "X-Tenant-Schema": "", "X-Tenant-Id": "", "X-Tenant-Public": "true"}
    for host, expected in [("acme.com", said), ("www.example.com", public)]:
        seen = json.loads(ask(host, target="/echo").body)["tenancy"]
        # nginx does not pass on an empty one.
        assert {name: value for name, value in seen if value} == {name: value for name, value in expected.items() if value}


def test_bodies_and_methods_pass(ask):
    answer = ask("acme.com", target="/echo", method="POST", body=b"x" * 100_000)
    assert json.loads(answer.body)["bytes"] == 100_000
    # A connection that has carried one is as good as before.
    assert ask("acme.com").status == 200


@pytest.mark.parametrize("target", ["/", "//", "/a/../b?x=1&y=%2F", "/%ff", "/*", "/auth", "/?" + "q" * 4000])
def test_every_path_reaches_the_app(ask, target):
    # The app has no such page, and says so itself.
    answer = ask("acme.com", target=target)
    assert (answer.status, answer.headers["X-Tenant-Error"]) == (404, None)
    assert "The requested URL was not found" in answer.body


@pytest.mark.parametrize("dropped", ["X-Tenant-Schema", "X-Tenant-Public", ", ".join(NAMES)])
@pytest.mark.parametrize("host, body", [("acme.com", "customer of acme"), ("www.example.com", "Which shop?")])
def test_a_tenant_that_is_lost_on_the_way_is_an_error(through, host, body, dropped):
    # `Connection` names headers that a proxy does not pass on (RFC 9110, 7.6.1): Caddy takes the client's word for that.
    for name in ["nginx", "caddy"]:
        answer = through[name](host, ("Connection", dropped))
        assert answer.status == 500 or body in answer.body, answer


@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_the_host_in_the_request_line_counts(through, name):
    # RFC 9112, 3.2.2. The app and the gateway hear of the same one.
    answer = through[name]("acme.com", target="http://globex.example.com/orders")
    assert json.loads(answer.body)["tenant"] == "globex"
    answer = through[name]("globex.example.com", target="http://nobody.example.com/orders")
    assert answer.status == refused(through[name], through)


def test_a_request_without_a_host_is_refused_by_nginx(stand, through):
    # The name of nginx's own upstream would be a public host.
    with socket.create_connection(("127.0.0.1", through["nginx"].port)) as connection:
        connection.sendall(b"GET /orders HTTP/1.0\r\n\r\n")
        assert b" 403 " in connection.makefile("rb").readline()


def test_a_change_is_seen_through_each(ask, through, stand):
    assert ask("globex.example.com").status == 200
    stand.tenantctl("deactivate globex")
    wait_until(lambda: ask("globex.example.com").status == refused(ask, through))
    stand.tenantctl("activate globex")
    wait_until(lambda: ask("globex.example.com").status == 200)
    stand.tenantctl("domain add globex globex.com")
    wait_until(lambda: "customer of globex" in ask("globex.com").body)
    stand.tenantctl("domain remove globex.com")
    # What is outside of the base domains and has no row is public.
    wait_until(lambda: ask("globex.com").body == "Which shop?")


# nginx


def test_nginx_answers_404_if_it_is_told_to(stand):
    first, second = snippets("nginx", "nginx")[1].split("    }\n", 1)
    place = "proxy_pass http://127.0.0.1:8000;\n"

    def edit(text):
        return replaced(text, (place, f"{place}{first}    }}\n{second}"))

    with nginx(stand.folder / "nginx-404", stand.gateway.port, stand.app, edit) as ask:
        assert json.loads(ask("acme.com").body)["tenant"] == "acme"
        assert [ask(host).status for host in ("nobody.example.com", "initech.com")] == [404, 402]
        assert ask("www.example.com").status == 200


def test_nginx_keeps_answers_if_it_is_told_to(stand):
    path, lines = snippets("Caching", "nginx")

    def edit(text):
        text = replaced(text, ("internal;\n", f"internal;\n{lines}"))
        return replaced(path, ("/var/cache/nginx/tenants", f"{stand.folder}/nginx-cache/kept")) + text

    with nginx(stand.folder / "nginx-cache", stand.gateway.port, stand.app, edit) as ask:
        hosts = ["acme.com", "initech.com", "nobody.example.com", "www.example.com"]
        expected = [200, 403, 403, 200]
        before = answers(stand.gateway)
        for _ in range(50):
            assert [ask(host).status for host in hosts] == expected
            assert json.loads(ask("acme.com").body)["tenant"] == "acme"
        # It asked for each host once a second at most, and these take less than ten.
        assert 0 < answers(stand.gateway) - before < 100
        stand.tenantctl("deactivate acme")
        wait_until(lambda: ask("acme.com").status == 403)
        stand.tenantctl("activate acme")
        wait_until(lambda: ask("acme.com").status == 200)


def answers(gateway):
    """How many answers the gateway has given to nginx."""
    return sum(value for name, value in gateway.metrics().items() if 'requests_total{endpoint="auth"' in name)


# Caddy


@pytest.mark.parametrize("name", ["acme.com", "shop.acme.com", "cheese.com"])
def test_caddy_gets_a_certificate_for_a_host_with_a_row(through, name):
    # The client believes the certificate only if it is this name's.
    assert through["caddy"](name, sni=name).status == 200


@pytest.mark.parametrize(
    "name", ["globex.example.com", "www.example.com", "nobody.example.com", "initech.com", "other.org", "localhost"]
)
def test_caddy_gets_no_certificate_for_any_other(through, name):
    with pytest.raises(ssl.SSLError):
        through["caddy"](name, sni=name)


def test_caddy_passes_on_the_status_and_the_page_of_a_refusal(stand):
    (stand.folder / "denied.html").write_text("<h1>Ask your administrator</h1>")
    configuration = f'deactivated_status = 402\ndenied_page = "{stand.folder}/denied.html"\n{ROUTING}'
    with gateway(stand.tenantctl, configuration) as own, caddy(stand.folder / "caddy-402", own.port, stand.app) as ask:
        assert [ask(host).status for host in ("nobody.example.com", "initech.com", "acme.com")] == [404, 402, 200]
        assert ask("initech.com").body == "<h1>Ask your administrator</h1>"
        assert ask("initech.com").headers.get_content_type() == "text/html"
