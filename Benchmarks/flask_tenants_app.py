"""An app as flask-tenants' page has it, whose only route for tenants answers a constant."""

import os

from flask import Flask

try:
    from flask_tenants import BaseDomain, BaseTenant, create_tenancy, db, init_app
except ModuleNotFoundError:
    from tenancy import BaseDomain, BaseTenant, create_tenancy, db, init_app


class Tenant(BaseTenant):
    __tablename__ = "tenants"
    deactivated = db.Column(db.Boolean(), nullable=False, default=False)


class Domain(BaseDomain):
    __tablename__ = "domains"
    tenant_id = db.Column(db.Integer, db.ForeignKey("tenants.id"), nullable=False)
    tenant_name = db.Column(db.String(128), nullable=False)


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
init_app(app, tenant_model=Tenant, domain_model=Domain)
tenancy = create_tenancy(app, db, tenant_url_prefix="/_tenant")
tenant = tenancy.create_tenant_blueprint("tenant")


@tenant.get("/constant")
def constant():
    return ""


app.register_blueprint(tenant)
