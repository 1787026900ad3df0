"""A PostgreSQL server of its own, which a test may stop, kill and start again."""

import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from support.database import Server
from support.gateway import wait_until


class PrivateServer(Server):
    """A server that is asleep until `start`."""

    def __init__(self, folder):
        super().__init__(f"postgresql://postgres@/postgres?host={folder}")
        self._folder = folder
        self._process = None
        # PostgreSQL refuses to run as root. It ends with this process, however that ends.
        self._as_owner = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", folder], check=True)
            self._as_owner += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        self._run("initdb", "-D", "data", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", "-A", "trust")

    def start(self):
        command = [*self._as_owner, "postgres", "-D", "data", "-k", self._folder, "-h", "", "-c", "fsync=off"]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stderr=log)
        wait_until(self.answers, self._process, self._folder / "log")

    def stop(self):
        """Ends every session and the server, as a restart does."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def sessions(self, database):
        """The process ids of the sessions in a database, the oldest first."""
        rows = self.query(
            f"SELECT pid FROM pg_stat_activity WHERE datname = '{database.name}' AND backend_type = 'client backend' "
            "ORDER BY backend_start"
        )
        return [pid for (pid,) in rows]

    def kill(self, session):
        """kill -9: the server ends all other sessions, too, and recovers."""
        os.kill(session, signal.SIGKILL)

    def answers(self):
        return subprocess.run(["pg_isready", "-q", "-h", self._folder]).returncode == 0

    def _run(self, *command):
        done = subprocess.run([*self._as_owner, *command], cwd=self._folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@contextmanager
def private_server():
    # A short path, as that of a Unix socket has to be.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="tenantctl.") as name:
        server = PrivateServer(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()
