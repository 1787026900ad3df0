"""Multi-tenancy for Flask by subdomains and schemas, as the description of flask-tenants 0.4.2 has it.

That package is not on PyPI any more, so this is its behaviour written anew, under its own names: an app that
imports them from here would import them from there just the same.
"""

from contextlib import contextmanager

from flask import Blueprint, abort, g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, inspect, text
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request

db = SQLAlchemy()


class BaseTenant(db.Model):
    __abstract__ = True
    id = db.Column(db.Integer, primary_key=True, autoincrement=True, unique=True)
    name = db.Column(db.String(128), unique=True, nullable=False)
    created_at = db.Column(db.DateTime, nullable=False, default=db.func.current_timestamp())
    updated_at = db.Column(
        db.DateTime,
        nullable=False,
        default=db.func.current_timestamp(),
        onupdate=db.func.current_timestamp(),
    )


class BaseDomain(db.Model):
    __abstract__ = True
    id = db.Column(db.Integer, primary_key=True, autoincrement=True)
    tenant_name = db.Column(db.String(128), db.ForeignKey("tenants.name"), nullable=False)
    domain_name = db.Column(db.String(255), unique=True, nullable=False)
    is_primary = db.Column(db.Boolean, default=False, nullable=False)


class BaseTenantModel(db.Model):
    __abstract__ = True
    __table_args__ = {"schema": "tenant"}


@contextmanager
def with_db():
    """A session for the tenant's tables: `tenant` is translated to its schema, other names go by the search path."""
    with Session(db.engine.execution_options(schema_translate_map={"tenant": g.tenant})) as session:
        yield session


def init_app(app, tenant_model, domain_model):
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", _set_search_path)
    event.listen(Session, "before_flush", lambda session, *_: _before_flush(session, tenant_model))
    event.listen(Session, "after_flush", lambda session, *_: _after_flush(session, tenant_model))
    app.before_request(lambda: _find_tenant(tenant_model))


def create_tenancy(app, db, non_tenant_subdomains=("www", "localhost", "local"), tenant_url_prefix="/_tenant"):
    app.wsgi_app = MultiTenancyMiddleware(app.wsgi_app, non_tenant_subdomains, tenant_url_prefix)
    return app.wsgi_app


class MultiTenancyMiddleware:
    """Takes the tenant from the host's first label and routes the request to the tenant's blueprints."""

    def __init__(self, wsgi_app, non_tenant_subdomains, tenant_url_prefix):
        self.wsgi_app = wsgi_app
        self.non_tenant_subdomains = non_tenant_subdomains
        self.tenant_url_prefix = tenant_url_prefix

    def __call__(self, environ, start_response):
        host = Request(environ).host.split(":")[0]
        label = host.split(".")[0]
        environ.pop("HTTP_X_TENANT", None)
        if "." in host and label not in self.non_tenant_subdomains:
            environ["PATH_INFO"] = self.tenant_url_prefix + environ["PATH_INFO"]
            environ["HTTP_X_TENANT"] = label
        return self.wsgi_app(environ, start_response)

    def create_public_blueprint(self, name):
        return Blueprint(name, __name__)

    def create_tenant_blueprint(self, name):
        return Blueprint(name, __name__, url_prefix=self.tenant_url_prefix)


def _find_tenant(tenant_model):
    g.tenant, g.tenant_scoped = "public", False
    name = request.headers.get("X-Tenant")
    if name is None:
        return
    tenant = tenant_model.query.filter_by(name=name).first()
    if tenant is None or getattr(tenant, "deactivated", False):
        abort(404)
    g.tenant, g.tenant_scoped = name, True


def _set_search_path(connection, cursor, *_):
    # Without quotes, as there: a tenant `Acme` would be looked for in `acme`, and its tables found in public.
    scoped = has_request_context() and g.get("tenant_scoped", False)
    cursor.execute(f"SET search_path TO {g.tenant}, public" if scoped else "SET search_path TO public")


# The schema is made, renamed and dropped in a session of its own. Should the row's fail, the schema is an orphan.


def _before_flush(session, tenant_model):
    for tenant in session.new:
        if isinstance(tenant, tenant_model):
            _create_schema(tenant.name)
    for tenant in session.dirty:
        if isinstance(tenant, tenant_model):
            name = inspect(tenant).attrs.name.history
            if name.has_changes():
                _execute(f'ALTER SCHEMA "{name.deleted[0]}" RENAME TO "{name.added[0]}"')


def _after_flush(session, tenant_model):
    for tenant in session.deleted:
        if isinstance(tenant, tenant_model):
            _execute(f'DROP SCHEMA "{tenant.name}" CASCADE')


def _create_schema(name):
    _execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
    tables = [table for table in db.metadata.sorted_tables if table.info.get("tenant_specific")]
    schemas = {None: name, "tenant": name}
    with db.engine.execution_options(schema_translate_map=schemas).begin() as connection:
        db.metadata.create_all(connection, tables)


def _execute(statement):
    with Session(db.engine) as session:
        session.execute(text(statement))
        session.commit()
