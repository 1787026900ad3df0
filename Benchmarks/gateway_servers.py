"""The servers that are measured, each on a port of its own, and the registry that they read."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet import Fleet, psql

ROOT = Path(__file__).parent.parent
PATIENCE = 120

FILL = """INSERT INTO tenants (name) SELECT 't' || to_char(i, 'FM000000') FROM generate_series(1, {size}) i;
INSERT INTO domains (tenant_id, tenant_name, domain_name, is_primary)
  SELECT id, name, 'shop-' || name || '.example.org', true FROM tenants;
VACUUM (ANALYZE) tenants, domains; CHECKPOINT"""


class Registry(Fleet):
    """A registry with a domain for each tenant, and without schemas."""

    def __init__(self, bench, name, size):
        super().__init__(bench, name)
        self.size = size
        psql(self.url, FILL.format(size=size))

    @staticmethod
    def name(number):
        return f"t{number:06}"

    @classmethod
    def domain(cls, number):
        return f"shop-{cls.name(number)}.example.org"


class Server:
    """A server that runs until the end of the block; `is_ready` says whether it answers."""

    def __init__(self, *words, folder=None, env=None):
        self.port = free_port()
        self.words = [str(word).replace("{port}", str(self.port)) for word in words]
        self.folder, self.env = folder, {**os.environ, **(env or {})}

    def __enter__(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.words, cwd=self.folder, env=self.env, stdout=self.errors, stderr=self.errors)  # fmt: skip
        self.wait_until(self.is_ready)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.errors.close()

    def wait_until(self, is_so):
        end = time.monotonic() + PATIENCE
        while not is_so():
            if self.process.poll() is not None or time.monotonic() > end:
                self.errors.seek(0)
                sys.exit(f"{self.errors.read().decode()}{' '.join(self.words)}: does not do what it should")
            time.sleep(0.02)

    def is_ready(self):
        try:
            return self.get(self.probe)[0] in (200, 404)
        except ConnectionRefusedError:
            return False

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def cpu(self):
        """The processor time that this process took so far, in seconds (proc(5): utime and stime)."""
        fields = Path("/proc", str(self.process.pid), "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mib(self):
        """The largest resident set so far (proc(5): VmHWM)."""
        status = Path("/proc", str(self.process.pid), "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


class Gateway(Server):
    def __init__(self, bench, registry, interval="1s"):
        beside = Path(bench.tenantctl).with_name("tenantctl-gateway")
        program = named("TENANTCTL_GATEWAY", beside, "make gateway")
        configuration = Path(bench.folder, f"gateway-{interval}.toml")
        configuration.write_text(f'[gateway]\ninterval = "{interval}"\n')
        super().__init__(program, "--listen", "127.0.0.1:{port}", "--config", configuration, "-d", registry.url)

    def is_ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except ConnectionRefusedError:
            return False

    def metric(self, name):
        """Its value; 0 if it is not there yet."""
        head = f"tenantctl_gateway_{name} "
        lines = self.get("/metrics")[1].splitlines()
        return next((float(line.removeprefix(head)) for line in lines if line.startswith(head)), 0.0)

    @property
    def readings(self):
        return self.metric("registry_readings_total")


class ConstantRoute(Server):
    """A route of Hummingbird that does nothing."""

    probe = "/constant"

    def __init__(self):
        build = "swift build -c release --traits Gateway --product ConstantRoute"
        program = named("TENANTCTL_CONSTANT_ROUTE", ROOT / ".build/release/ConstantRoute", build)
        super().__init__(program, "{port}")


class FlaskTenants(Server):
    """An app behind flask-tenants' middleware, with as many processes as there are cores.

    TENANTCTL_FLASK_TENANTS names a folder with the package, which PyPI does not carry any more. Without it the app has
    what the integration tests' app has: the same written anew, with the same question to the database in each request.
    """

    probe = "/"

    def __init__(self, registry):
        requirements = ROOT / "Tests/Integration/requirements.txt"
        words = [ROOT / "Scripts/python-environment", requirements]
        environment = subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        original = os.environ.get("TENANTCTL_FLASK_TENANTS")
        self.label = "flask-tenants" if original else "flask-tenants' stand-in"
        folders = [original, Path(__file__).parent] if original else [ROOT / "Tests/Integration/flask_app"]
        super().__init__(
            f"{environment}/bin/gunicorn", "--bind=127.0.0.1:{port}", f"--workers={os.cpu_count()}",
            "--worker-class=sync", "--no-control-socket", "--log-level=warning", "flask_tenants_app:app",
            folder=Path(__file__).parent,
            env={"PYTHONPATH": ":".join(map(str, folders)), "DATABASE_URL": registry.url},
        )  # fmt: skip


def named(variable, default, build):
    """The program that the variable names."""
    program = Path(os.environ.get(variable, default)).resolve()
    return program if program.exists() else sys.exit(f"{program} is missing: {build}, or {variable}=FILE")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
