"""The roles of docs/security.md, made by that page's own SQL. Roles are the server's: each database has its own."""

import re
from contextlib import contextmanager
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

from support.console import blocks
from support.database import Database
from support.tenantctl import REPOSITORY

PASSWORD = "hunter2"


class Roles:
    def __init__(self, database):
        self._database = database
        # The page's names, and those of this database.
        self.names = {
            "shop": database.name,
            "shop_owner": f"{database.name}_owner",
            "shop_app": f"{database.name}_app",
            "tenant_acme": f"{database.name}_acme",
            "tenant_globex": f"{database.name}_globex",
        }

    def here(self, text):
        """A text of the page's with the names of this database."""
        text = re.sub(r"PASSWORD '[^']*'", f"PASSWORD '{PASSWORD}'", text)
        return re.sub(r"\b\w+\b", lambda word: self.names.get(word[0], word[0]), text)

    def run(self, heading, number=0, by=None, tenant="acme"):
        """Runs an SQL block of a section of the page."""
        page = (REPOSITORY / "docs/security.md").read_text()
        found = [block.text for block in blocks(page) if (block.language, block.heading) == ("sql", heading)]
        (by or self._database).query(self.here(re.sub(r"\b(tenant_)?acme\b", rf"\g<1>{tenant}", found[number])))

    def url(self, role):
        """How the role reaches the database."""
        parameters = conninfo_to_dict(self._database.url)
        rest = {key: value for key, value in parameters.items() if key != "dbname"}
        query = urlencode({**rest, "user": self.names[role], "password": PASSWORD})
        return f"postgresql:///{self._database.name}?{query}"

    def database(self, role):
        """The database as the role sees it."""
        return Database(self._database.name, self.url(role))

    def drop(self):
        names = list(self.names.values())[1:]
        rows = self._database.query(f"SELECT rolname FROM pg_roles WHERE rolname = ANY ('{{{','.join(names)}}}')")
        for (name,) in rows:
            self._database.query(f"DROP OWNED BY {name} CASCADE")
            self._database.query(f"DROP ROLE {name}")


@contextmanager
def least_privileges(database):
    """The page's set-up, as long as `with` lasts."""
    roles = Roles(database)
    try:
        roles.run("Set-up")
        yield roles
    finally:
        roles.drop()
