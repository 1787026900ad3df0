"""The built binary, as a user runs it."""

import json
import os
import shlex
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
BINARY = Path(os.environ.get("TENANTCTL_TEST_BINARY") or REPOSITORY / ".build/debug/tenantctl").resolve()


class Tenantctl:
    """Runs command lines in a folder of their own, with nothing of the caller's configuration but the database."""

    def __init__(self, folder, database):
        self.folder = folder
        self.database = database
        self.environment = {
            "PATH": f"{BINARY.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "DATABASE_URL": database.url,
        }
        if "LD_LIBRARY_PATH" in os.environ:
            self.environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]

    def run(self, line):
        """Runs a command line to its end, whatever that is."""
        return subprocess.run(
            [BINARY, *shlex.split(line)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def __call__(self, line):
        """Runs a command line that has to work; returns what it printed."""
        done = self.run(line)
        assert done.returncode == 0, f"tenantctl {line}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, line):
        return json.loads(self(f"{line} --format json"))

    def migration(self, name, sql):
        """Writes a migration file for the tenants."""
        file = self.folder / "migrations/tenant" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql)
