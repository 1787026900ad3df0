"""The same fleet under django-tenants: its own `migrate_schemas`, with both of its executors."""

import os
import subprocess
import sys
import time
from pathlib import Path

from fleet import UNDO, for_each, names, psql, settle, without_fsync
from measure import in_turn, run

DJANGO_TENANTS = "4.0.1"
EXECUTORS = ("standard", "multiprocessing")
ROUNDS = 3
# Larger fleets take it a quarter of an hour.
LARGEST = 200
# As many as Django makes itself; the others are copies of the first one.
CREATED = 10

# Django's own executor has two processes unless it is told otherwise.
SETTINGS = """
DATABASES = {{"default": {{"ENGINE": "django_tenants.postgresql_backend", "NAME": "{name}", "USER": "{user}",
                          "HOST": "{host}"}}}}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "customers"]
TENANT_APPS = ["things"]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Client", "customers.Domain"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
TENANT_MULTIPROCESSING_MAX_PROCESSES = {processes}
SECRET_KEY, USE_TZ = "bench", True
"""

CUSTOMERS = """
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin

class Client(TenantMixin): pass
class Domain(DomainMixin): pass
"""

THINGS = "from django.db import models\n" + "".join(
    f"""
class Thing{i}(models.Model):
    name = models.TextField()
    made = models.DateTimeField(auto_now_add=True, null=True)
    class Meta:
        db_table = "things_{i}"
        indexes = [models.Index(fields=["name"], name="things_{i}_name")]
"""
    for i in range(1, 11)
)

CHANGE = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("things", "0001_initial")]
    operations = [
        migrations.AddField("thing1", "size", models.FloatField(null=True)),
        migrations.AddIndex("thing1", models.Index(fields=["size"], name="things_1_size")),
        migrations.RunSQL("CREATE VIEW sizes AS SELECT name, size FROM things_1"),
    ]
"""

CREATE = """
import django, sys
django.setup()
from customers.models import Client
for name in sys.argv[1:]: Client(schema_name=name).save(verbosity=0)
"""


def measure(bench, report):
    project = Project(bench)
    report.versions.append(project.versions + "\n")
    start = time.perf_counter()
    project.python("-c", CREATE, *names(CREATED))
    report.way("django-tenants, standard", "create", (time.perf_counter() - start) / CREATED)
    for size in (size for size in bench.sizes if size <= LARGEST):
        project.grow(size)
        label = f"{size:,} tenants"
        for executor, seconds in zip(EXECUTORS, in_turn(ROUNDS, *map(project.migrator, EXECUTORS))):
            report.way(f"django-tenants, {executor}", f"nothing pending, {label}", seconds)
        project.write("things/migrations/0002_change.py", CHANGE)
        pending = [project.undoing(project.migrator(executor)) for executor in EXECUTORS]
        for executor, seconds in zip(EXECUTORS, in_turn(ROUNDS, *pending)):
            report.way(f"django-tenants, {executor}", f"one pending, {label}", seconds)
        (project.folder / "things/migrations/0002_change.py").unlink()


class Project:
    """A Django project in a virtual environment of its own."""

    def __init__(self, bench):
        self.folder = Path(bench.folder, "django")
        self.url = bench.url("django")
        self.interpreter = str(self.folder / "venv/bin/python")
        psql(bench.server, "CREATE DATABASE django")
        subprocess.run([sys.executable, "-m", "venv", self.folder / "venv"], check=True)
        self.python("-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    f"django-tenants=={DJANGO_TENANTS}", "psycopg2-binary")  # fmt: skip
        name, user, host = psql(self.url, r"\echo :DBNAME :USER :HOST").split()
        self.write("settings.py", SETTINGS.format(name=name, user=user, host=host, processes=os.cpu_count()))
        for app, models in ("customers", CUSTOMERS), ("things", THINGS):
            self.write(f"{app}/models.py", models)
            self.write(f"{app}/migrations/__init__.py", "")
        self.django("makemigrations")
        self.django("migrate_schemas", "--shared")
        self.size = CREATED

    def write(self, path, text):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    @property
    def env(self):
        return os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(self.folder)}

    def python(self, *words):
        subprocess.run([self.interpreter, *words], cwd=self.folder, env=self.env, check=True)

    @property
    def versions(self):
        show = "import django, platform; print('on Django', django.__version__, 'and Python', platform.python_version())"
        words = [self.interpreter, "-c", show]
        found = subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        return f"django-tenants {DJANGO_TENANTS} {found}, psycopg2, {os.cpu_count()} processes with multiprocessing."

    def django(self, *words):
        self.python("-m", "django", *words, "-v0")

    def migrator(self, executor):
        words = [self.interpreter, "-m", "django", "migrate_schemas", "--tenant", f"--executor={executor}", "-v0"]
        return lambda: run(words, cwd=self.folder, env=self.env).seconds

    def undoing(self, job):
        def work():
            seconds = job()
            undo = UNDO + "DELETE FROM {name}.django_migrations WHERE name = '0002_change';"
            for_each(self.url, undo, names(self.size))
            settle(self.url)
            return seconds

        return work

    def grow(self, size):
        """Copies the first tenant, which takes a fraction of the time."""
        dump = subprocess.run(["pg_dump", "-n", "t00001", self.url], check=True, text=True, stdout=subprocess.PIPE)
        new = names(size)[self.size :]
        rows = "INSERT INTO public.customers_client (schema_name) SELECT unnest(string_to_array('{}', ' '));"
        with without_fsync(self.url):
            for name in new:
                psql(self.url, "BEGIN;" + dump.stdout.replace("t00001", name) + "COMMIT;")
            psql(self.url, rows.format(" ".join(new)))
        settle(self.url)
        self.size = size
