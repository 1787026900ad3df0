"""A django-tenants project as its documentation has it. DATABASE_URL names the database."""

import os

from psycopg.conninfo import conninfo_to_dict

SECRET_KEY = "these tests have no secrets"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_database = conninfo_to_dict(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": _database.pop("dbname"),
        "OPTIONS": _database,
        # Connections live on between requests, so that a stale search path would be noticed.
        "CONN_MAX_AGE": 60,
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

TENANT_MODEL = "customers.Client"
TENANT_DOMAIN_MODEL = "customers.Domain"
SHARED_APPS = ["django_tenants", "customers", "django.contrib.contenttypes"]
TENANT_APPS = ["django.contrib.contenttypes", "tanks"]
INSTALLED_APPS = SHARED_APPS + [app for app in TENANT_APPS if app not in SHARED_APPS]

MIDDLEWARE = [
    "django_tenants.middleware.main.TenantMainMiddleware",
    "customers.middleware.active_tenants_only",
]
ROOT_URLCONF = "aquarium.tenant_urls"
PUBLIC_SCHEMA_URLCONF = "aquarium.public_urls"
