"""Examples/Tanks, built and run: the sample app of flask-tenants' page, in Swift."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from support.console import Console, blocks, commands
from support.tenantctl import REPOSITORY
from support.web import Answer, Aquaria

EXAMPLE = REPOSITORY / "Examples/Tanks"
TRAITS = os.environ.get("TENANTCTL_TRAITS", "").split(",")
pytestmark = pytest.mark.skipif(
    "Gateway" not in TRAITS, reason="Examples/Tanks is built with the package trait Gateway: TENANTCTL_TRAITS=Gateway"
)


@pytest.fixture(scope="session")
def program():
    """The app's program, built beside this package, whose targets and dependencies are built already."""
    scratch = REPOSITORY / ".build"
    subprocess.run(["swift", "build", "--package-path", EXAMPLE, "--scratch-path", scratch], check=True)
    return scratch / "debug/Tanks"


@pytest.fixture
def migrated(tenantctl):
    """A database with the tenants acme and globex, made by tenantctl from the example's folder."""
    tenantctl.folder = EXAMPLE
    tenantctl("init --no-files")
    tenantctl("create acme --domain acme.example.com")
    tenantctl("create globex")
    return tenantctl


@contextmanager
def running(program, tenantctl, log):
    """The running app, from when it answers until SIGTERM, which has to end it by itself and without an error."""
    environment = {**tenantctl.environment, "PORT": "0"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [program], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        eventually(lambda: process.poll() is not None or "listening on" in log.read_text())
        listening = re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text())
        assert listening, log.read_text()
        app = Aquaria(int(listening[1]))
        # Before it has read the registry it answers 503.
        eventually(lambda: app.request("GET", "www.example.com", "/tanks").status != 503)
        yield app
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def app(program, migrated, tmp_path):
    with running(program, migrated, tmp_path / "log") as app:
        yield app


def eventually(condition):
    """Waits until something holds that comes at an unknown time, and fails when it does not come."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


REEF = {"name": "reef", "capacity": 500.5, "location": "hall 1"}
ACME, GLOBEX, PUBLIC = "acme.example.com", "globex.example.com", "www.example.com"


def test_each_tenant_has_its_own_tanks(app, database):
    assert app.tanks("acme") == app.tanks("globex") == (200, [])
    created = app.request("POST", ACME, "/tanks", REEF)
    assert created == (201, {"id": 1, **REEF})
    assert app.request("POST", GLOBEX, "/tanks", {"name": "lagoon"}) == (201, {"id": 1, "name": "lagoon"})

    assert app.tanks("acme") == (200, [{"id": 1, **REEF}])
    assert app.request("GET", ACME, "/tanks/1") == (200, {"id": 1, **REEF})
    assert app.request("GET", GLOBEX, "/tanks/1") == (200, {"id": 1, "name": "lagoon"})

    changed = {"name": "reef'); DROP TABLE tanks; --", "capacity": 3.0}
    assert app.request("PUT", ACME, "/tanks/1", changed) == (200, {"id": 1, **changed})
    assert database.query("SELECT name, capacity, location FROM acme.tanks") == [(changed["name"], 3.0, None)]
    assert database.query("SELECT name FROM globex.tanks") == [("lagoon",)]

    assert app.request("DELETE", ACME, "/tanks/1").status == 204
    assert app.tanks("acme") == (200, [])
    assert app.tanks("globex") == (200, [{"id": 1, "name": "lagoon"}])


def test_what_is_not_there_or_not_valid(app):
    for method, body in [("GET", None), ("PUT", REEF), ("DELETE", None)]:
        assert app.request(method, ACME, "/tanks/7", body).status == 404
        assert app.request(method, ACME, "/tanks/seven", body).status == 400
    for body in [{"name": "x" * 129}, {"name": "a\0b"}, {"capacity": "much"}, [1]]:
        answer = app.request("POST", ACME, "/tanks", body)
        assert answer.status == 400 and "varying" not in str(answer.body), answer
    assert app.tanks("acme") == (200, [])


def test_the_public_host_has_the_same_path(app):
    for host in [PUBLIC, "localhost", "127.0.0.1"]:
        status, text = app.request("GET", host, "/tanks")
        assert status == 200 and text.startswith("Each aquarium"), host
    assert app.request("GET", PUBLIC, "/tanks/1").status == 404


def test_unknown_and_deactivated_tenants(app, migrated):
    assert app.request("POST", ACME, "/tanks", REEF).status == 201
    assert app.tanks("hooli") == Answer(404, "")
    migrated("deactivate acme")
    eventually(lambda: app.tanks("acme").status != 200)
    assert app.tanks("acme") == Answer(404, "")
    assert app.tanks("globex") == (200, [])
    migrated("activate acme")
    eventually(lambda: app.tanks("acme").status != 404)
    assert app.tanks("acme") == (200, [{"id": 1, **REEF}])
    migrated("create hooli")
    eventually(lambda: app.tanks("hooli") == (200, []))


def test_a_database_that_is_away_at_the_start(program, tenantctl, tmp_path):
    """The app starts all the same, says 503, and ends by SIGTERM."""
    tenantctl.environment["DATABASE_URL"] = "postgresql://127.0.0.1:1/nowhere"
    environment = {**tenantctl.environment, "PORT": "0"}
    with (tmp_path / "log").open("w") as output:
        process = subprocess.Popen([program], env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        log = (tmp_path / "log").read_text
        eventually(lambda: process.poll() is not None or "listening on" in log())
        app = Aquaria(int(re.search(r"listening on 127\.0\.0\.1:(\d+)", log())[1]))
        assert app.tanks("acme") == Answer(503, "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log()
    finally:
        process.kill()
        process.wait()


# Its README


PAGE = (EXAMPLE / "README.md").read_text()


def test_the_commands_of_the_readme(program, tenantctl, tmp_path):
    """What the reader starts with `swift run` is the program that is built already, on a port of its own."""
    before, during, later = (commands(block) for block in blocks(PAGE) if block.language == "console")
    with Console(EXAMPLE, tenantctl.environment) as console:
        for command in before:
            if not command.text.startswith(("createdb ", "export DATABASE_URL=", "swift run")):
                console.check(command)
        with running(program, tenantctl, tmp_path / "log") as app:

            def here(command):
                return command.text.replace("curl ", "curl -sS ").replace(":8080/", f":{app.port}/")

            for command in during:
                if command.output.startswith(("{", "[")):
                    # The order of an object's keys differs from run to run.
                    assert json.loads(console.run(here(command))) == json.loads(command.output), command
                else:
                    console.check(command._replace(text=here(command)))
            for command in later:
                eventually(lambda text=here(command), output=command.output: console.run(text) == output)


def test_the_lines_of_the_readme_are_those_of_the_app():
    code = " ".join(" ".join(file.read_text() for file in EXAMPLE.glob("Sources/Tanks/*.swift")).split())
    rows = re.findall(r"^\| `.*` \| `(.*)` \|$", PAGE, re.MULTILINE)
    assert len(rows) >= 13
    assert [line for line in rows if " ".join(line.split()) not in code] == []
