"""Fixtures: a fresh database, the binary, and the two apps, each as a running web server."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.database import Server
from support.gateway import gateway
from support.tenantctl import Tenantctl
from support.web import Aquaria, served

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def server():
    conninfo = os.environ.get("TENANTCTL_TEST_DATABASE_URL")
    if not conninfo:
        pytest.exit("These tests need a PostgreSQL server of their own: run Scripts/test integration", returncode=1)
    return Server(conninfo)


@pytest.fixture
def database(request, server):
    """A fresh database; for Django one with what `migrate_schemas --shared` has made."""
    template = request.getfixturevalue("django_template") if "django_app" in request.fixturenames else "template0"
    with server.database(template) as database:
        yield database


@pytest.fixture
def tenantctl(tmp_path, database):
    return Tenantctl(tmp_path, database)


@pytest.fixture(scope="module")
def three_tenants(server, tmp_path_factory):
    """For the tests of a file: acme with a domain, globex without one, and initech, which is deactivated."""
    with server.database() as database:
        tenantctl = Tenantctl(tmp_path_factory.mktemp("tenants"), database)
        tenantctl("init")
        tenantctl("create acme --domain acme.com")
        tenantctl("create globex")
        tenantctl("create initech --domain initech.com --deactivated")
        yield tenantctl


@pytest.fixture(scope="module")
def running_gateway(three_tenants):
    with gateway(three_tenants) as started:
        yield started


@pytest.fixture(params=["readme", "base"])
def flask_app(request, database):
    """The Flask app, its registry in the shape of flask-tenants' README or of its base models."""
    environment = {"DATABASE_URL": database.url, "DOMAINS": request.param}
    with served(FOLDER / "flask_app", "app:app", environment) as port:
        yield Aquaria(port)


@pytest.fixture
def django_app(database):
    with served(FOLDER / "django_project", "aquarium.wsgi:app", {"DATABASE_URL": database.url}) as port:
        yield Aquaria(port)


@pytest.fixture
def manage(database):
    """Runs the Django project's manage.py; returns what it printed."""
    return lambda *arguments: run_manage(database, *arguments)


@pytest.fixture(scope="session")
def django_template(server):
    """The name of a database with the shared tables and the tenant `public`, as django-tenants wants it."""
    with server.database() as database:
        run_manage(database, "migrate_schemas", "--shared", "-v0")
        names = {"schema_name": "public", "name": "Public", "paid_until": "2027-01-01"}
        domain = {"domain-domain": "example.com", "domain-is_primary": "True"}
        options = [f"--{key}={value}" for key, value in {**names, **domain}.items()]
        run_manage(database, "create_tenant", "--noinput", *options)
        yield database.name


def run_manage(database, *arguments):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=FOLDER / "django_project",
        env={**os.environ, "DATABASE_URL": database.url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def populate(app, tenants):
    """Has the app make tenants of its own, each with a fish that is named after it."""

    def one(tenant):
        app.sign_up(tenant)
        app.fill(tenant, f"a fish of {tenant}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, tenants))
