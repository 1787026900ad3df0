"""A database with tenants of 10 tables and 20 indexes, for tenantctl and for whoever it is measured against."""

import os
import subprocess
from pathlib import Path

TABLES = "\n".join(
    f"""CREATE TABLE things_{i} (id serial PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
CREATE INDEX things_{i}_name ON things_{i} (name);"""
    for i in range(1, 11)
)

CHANGE = """ALTER TABLE things_1 ADD COLUMN size double precision;
CREATE INDEX things_1_size ON things_1 (size);
CREATE VIEW sizes AS SELECT name, size FROM things_1;"""

UNDO = """DROP VIEW IF EXISTS {name}.sizes;
ALTER TABLE {name}.things_1 DROP COLUMN IF EXISTS size;"""

CATALOGS = "pg_attribute, pg_class, pg_depend, pg_description, pg_index, pg_namespace, pg_rewrite, pg_type"


def names(count):
    return [f"t{i:05}" for i in range(1, count + 1)]


class Fleet:
    """A database of its own on the server, with a registry and a folder of migrations."""

    def __init__(self, bench, name):
        self.tenantctl = bench.tenantctl
        self.folder = Path(bench.folder, name)
        self.url = bench.url(name)
        self.size = 0
        psql(bench.server, f"CREATE DATABASE {name}")
        (self.folder / "migrations/tenant").mkdir(parents=True)
        self.env = os.environ | {"TENANTCTL_DATABASE_URL": self.url}
        self.command("init", "--no-files")

    def words(self, *words):
        return [self.tenantctl, *words, "--quiet"]

    def command(self, *words):
        subprocess.run(self.words(*words), cwd=self.folder, env=self.env, check=True)

    def write_migration(self, version, sql):
        (self.folder / f"migrations/tenant/{version}_bench.sql").write_text(sql)

    def remove_migration(self, version):
        (self.folder / f"migrations/tenant/{version}_bench.sql").unlink()

    @property
    def head(self):
        """What the comment on the first tenant's ledger says."""
        return psql(self.url, "SELECT obj_description('t00001.schema_migrations'::regclass)")

    def grow(self, size):
        """Adds tenants."""
        new = names(size)[self.size :]
        for_each(self.url, "CREATE SCHEMA {name}; INSERT INTO tenants (name) VALUES ('{name}');", new)
        with without_fsync(self.url):
            self.command("migrate", "--all")
        settle(self.url)
        self.size = size


def for_each(url, sql, names):
    """Runs SQL with `{name}` in it for every tenant, a few dozen in a transaction."""
    parts = [sql.replace("{name}", name) for name in names]
    transactions = ["BEGIN;" + "".join(parts[i : i + 40]) + "COMMIT;" for i in range(0, len(parts), 40)]
    with without_fsync(url):
        psql(url, "SET client_min_messages = warning;" + "".join(transactions))


def settle(url):
    """The same state of things for each measurement: no dead rows in the catalog, nothing left to write."""
    psql(url, f"VACUUM (ANALYZE) {CATALOGS}; CHECKPOINT")


class without_fsync:
    """Preparations need not survive a crash."""

    def __init__(self, url):
        self.url = url

    def __enter__(self):
        psql(self.url, "ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()")

    def __exit__(self, *_):
        psql(self.url, "ALTER SYSTEM RESET fsync; SELECT pg_reload_conf()")
        os.sync()


def psql(url, sql):
    """Runs statements, each in a transaction of its own unless they say otherwise; returns what they print."""
    words = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url]
    done = subprocess.run(words, input=sql, text=True, check=True, stdout=subprocess.PIPE)
    return done.stdout.strip()
