"""Databases of their own on the server that the tests were given."""

import itertools
import os
import subprocess
from contextlib import contextmanager
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

_numbers = itertools.count(1)


class Database:
    def __init__(self, name, url):
        self.name = name
        self.url = url

    def query(self, statement):
        """Runs a statement and returns its rows, if it has any: a judge that shares no code with what is tested."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def schemas(self):
        rows = self.query(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$' ORDER BY 1"
        )
        return [name for (name,) in rows]

    def dump(self, schema):
        """The tables of a schema without our ledger, as pg_dump writes them down, and without the schema's name."""
        command = ["pg_dump", "--schema-only", f"--schema={schema}", f"--exclude-table={schema}.schema_migrations"]
        text = subprocess.run([*command, self.url], check=True, capture_output=True, text=True).stdout
        # The restrict lines carry a random key.
        lines = [line for line in text.splitlines() if line and not line.startswith(("--", "\\restrict", "\\unrestrict"))]
        return [line.replace(schema, "SCHEMA") for line in lines]


class Server:
    """The server, by a superuser's URI or conninfo of its maintenance database."""

    def __init__(self, conninfo):
        self._parameters = conninfo_to_dict(conninfo)

    @contextmanager
    def database(self, template="template0"):
        """A database that exists inside of `with`, a copy of `template`."""
        name = f"tenantctl_apps_{os.getpid()}_{next(_numbers)}"
        self.query(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield Database(name, self._url(name))
        finally:
            self.query(f"DROP DATABASE {name} WITH (FORCE)")

    def query(self, statement):
        """Runs a statement in the maintenance database and returns its rows, if it has any."""
        with psycopg.connect(**self._parameters, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _url(self, name):
        """A spelling that libpq, SQLAlchemy and tenantctl all take, however the server was named to us."""
        rest = {key: value for key, value in self._parameters.items() if key != "dbname"}
        return f"postgresql:///{name}?{urlencode(rest)}"
