"""How the gateway starts: its address, its configuration, its role."""

import signal
import socket
from contextlib import contextmanager

import pytest
from support.gateway import BINARY, gateway, needs_gateway, running, wait_until
from support.proxies import replaced, snippets

pytestmark = needs_gateway


@contextmanager
def ended(three_tenants, *arguments):
    """How the gateway ends with these arguments, and what it says."""
    log, options = three_tenants.folder / "ended", {"env": three_tenants.environment, "cwd": three_tenants.folder}
    with running([BINARY, *arguments], log, lambda: True, **options) as process:
        yield process.wait(30), log.read_text()


def test_an_address_in_use_is_an_error(running_gateway, three_tenants):
    with ended(three_tenants, "--listen", f"127.0.0.1:{running_gateway.port}") as (code, text):
        assert code == 1 and str(running_gateway.port) in text and text.startswith("error: "), text


def test_a_unix_socket(three_tenants):
    path = three_tenants.folder / "s"
    command = [BINARY, "--listen", f"unix:{path}"]
    log = three_tenants.folder / "unix"
    with running(command, log, path.exists, cwd=three_tenants.folder, env=three_tenants.environment):

        def status():
            with socket.socket(socket.AF_UNIX) as connection:
                # Nobody listens yet.
                if connection.connect_ex(str(path)):
                    return None
                connection.sendall(b"GET /auth HTTP/1.1\r\nHost: acme.com\r\nConnection: close\r\n\r\n")
                return connection.recv(4096).split()[1]

        wait_until(lambda: status() == b"200")
    # It takes its socket with it, and one that was left by a killed one is no obstacle.
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with running(command, log, lambda: True, cwd=three_tenants.folder, env=three_tenants.environment) as process:
        wait_until(lambda: status() == b"200", process, log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_while_it_waits_for_the_database(three_tenants, number):
    log, options = three_tenants.folder / "early", {"env": three_tenants.environment, "cwd": three_tenants.folder}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/shop"
        with running([BINARY, "-d", url], log, lambda: True, **options) as process:
            with silent.accept()[0]:
                process.send_signal(number)
                assert process.wait(30) == 0, log.read_text()


def test_a_registry_that_does_not_fit_is_an_error(three_tenants):
    for text, expected in [
        ('[registry]\ntenants = "public.nothing"\n', 3),
        ('[registry.columns]\nname = "nothing"\n', 2),
        ('[gateway]\nlisten = "nowhere"\n', 2),
        ('[gateway]\ndenied_page = "nothing"\n', 2),
        ('[gateway]\nnotify_database = "nothing"\n', 2),
    ]:
        (three_tenants.folder / "wrong.toml").write_text(text)
        with ended(three_tenants, "--config", "wrong.toml") as (code, said):
            assert (code, said.startswith("error: "), "no" in said) == (expected, True, True), said


def test_the_configuration_of_the_page(three_tenants):
    (text,) = snippets("Start", "toml")
    (three_tenants.folder / "denied.html").write_text("<h1>No</h1>")
    text = replaced(text.removeprefix("[gateway]\n"), ("# denied_page", "denied_page"), ("# patience", "patience"))
    text = replaced(text, ('"denied.html"', f'"{three_tenants.folder}/denied.html"'))
    text = replaced(text, ("# notify", "notify"), ("postgresql://gateway@db1/shop", three_tenants.database.url))
    with gateway(three_tenants, text) as started:
        assert started.ask("/forward", "acme.com").tenant()[0] == "acme"
        assert started.ask("/forward", "initech.com").body == "<h1>No</h1>"


def test_a_role_that_may_read_two_tables_is_enough(three_tenants):
    database = three_tenants.database
    role = f"{database.name}_gateway"
    database.query(f"CREATE ROLE {role} LOGIN PASSWORD 'hunter2'")
    try:
        database.query(f"GRANT SELECT ON public.tenants, public.domains TO {role}")
        three_tenants("init --notify --yes")
        url = database.url.replace("user=postgres", f"user={role}&password=hunter2")
        with gateway(three_tenants, 'interval = "1h"\n', url=url) as started:
            three_tenants("domain add globex globex.com")
            # It was told: it would not have asked.
            wait_until(lambda: started.ask("/ask", "globex.com").status == 200)
            assert started.metrics()["tenantctl_gateway_registry_notified"] == 1
    finally:
        database.query(f"DROP OWNED BY {role}; DROP ROLE {role}")
