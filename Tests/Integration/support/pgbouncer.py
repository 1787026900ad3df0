"""PgBouncer in transaction mode in front of a database, with its defaults otherwise."""

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict


@contextmanager
def pgbouncer(url):
    """Yields the URL that leads to the database through it; user and password are those of `url`."""
    server = conninfo_to_dict(url)
    # A short path, as that of a Unix socket has to be.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        (folder / "users.txt").write_text(f'"{server["user"]}" "{server["password"]}"\n')
        target = " ".join(f"{key}={server[key]}" for key in ("host", "port") if key in server)
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = {target}\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 4\n"
            f"unix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = trust\nauth_file = {folder}/users.txt\n"
        )
        command = ["setpriv", "--pdeathsig", "TERM"]
        if os.geteuid() == 0:
            # It refuses to run as root.
            subprocess.run(["chown", "-R", "postgres", name], check=True)
            command += ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen([*command, "pgbouncer", folder / "pgbouncer.ini"], stderr=log)
        try:
            deadline = time.monotonic() + 60
            while "process up" not in (text := (folder / "log").read_text()):
                assert process.poll() is None and time.monotonic() < deadline, text
                time.sleep(0.05)
            parameters = {"host": name, "port": 6432, "user": server["user"], "password": server["password"]}
            yield f"postgresql:///{server['dbname']}?{urlencode(parameters)}"
        finally:
            process.terminate()
            process.wait(60)
