"""An app for public aquaria, built after the example on the page of flask-tenants.

DOMAINS says what its registry looks like: `readme` is the page's own example, `base` leaves the base models as
they are, without `deactivated`, without `tenant_id`, and with the foreign key on the tenant's name.
"""

import os

from flask import Flask, jsonify, request

from tenancy import BaseDomain, BaseTenant, BaseTenantModel, create_tenancy, db, init_app, with_db

if os.environ["DOMAINS"] == "readme":

    class Tenant(BaseTenant):
        __tablename__ = "tenants"
        phone_number = db.Column(db.String(20), nullable=True)
        address = db.Column(db.String(255), nullable=True)
        deactivated = db.Column(db.Boolean(), nullable=False, default=False)

    class Domain(BaseDomain):
        __tablename__ = "domains"
        tenant_id = db.Column(db.Integer, db.ForeignKey("tenants.id"), nullable=False)
        tenant_name = db.Column(db.String(128), nullable=False)
        domain_name = db.Column(db.String(255), unique=True, nullable=False)
        is_primary = db.Column(db.Boolean, default=False, nullable=False)

else:

    class Tenant(BaseTenant):
        __tablename__ = "tenants"

    class Domain(BaseDomain):
        __tablename__ = "domains"


class Tank(BaseTenantModel):
    """Found by the search path: these arguments replace the base model's `schema`."""

    __tablename__ = "tanks"
    __table_args__ = {"info": {"tenant_specific": True}}
    id = db.Column(db.Integer, primary_key=True, autoincrement=True)
    name = db.Column(db.String(128), nullable=True)
    capacity = db.Column(db.Float, nullable=True)
    location = db.Column(db.String(255), nullable=True)


class Fish(BaseTenantModel):
    """Found by schema_translate_map, which puts the tenant's schema for `tenant`."""

    __tablename__ = "fish"
    __table_args__ = {"schema": "tenant", "info": {"tenant_specific": True}}
    id = db.Column(db.Integer, primary_key=True, autoincrement=True)
    tank_id = db.Column(db.Integer, db.ForeignKey(Tank.id), nullable=False, index=True)
    species = db.Column(db.String(128), nullable=False, default="unknown")


app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
init_app(app, tenant_model=Tenant, domain_model=Domain)
tenancy = create_tenancy(app, db, tenant_url_prefix="/_tenant")
with app.app_context():
    db.metadata.create_all(db.engine, [Tenant.__table__, Domain.__table__])

public = tenancy.create_public_blueprint("public")
tenant = tenancy.create_tenant_blueprint("tenant")


@public.get("/tenants")
def list_tenants():
    return jsonify([row.name for row in Tenant.query.order_by(Tenant.name)])


@public.post("/tenants")
def create_tenant():
    row = Tenant(**request.json)
    db.session.add(row)
    db.session.flush()
    domain = Domain(tenant_name=row.name, domain_name=f"{row.name}.example.com", is_primary=True)
    if hasattr(Domain, "tenant_id"):
        domain.tenant_id = row.id
    db.session.add(domain)
    db.session.commit()
    return jsonify(row.name), 201


@public.patch("/tenants/<name>")
def change_tenant(name):
    row = Tenant.query.filter_by(name=name).one()
    for attribute, value in request.json.items():
        setattr(row, attribute, value)
    Domain.query.filter_by(tenant_name=name).update({"tenant_name": row.name})
    db.session.commit()
    return jsonify(row.name)


@public.delete("/tenants/<name>")
def delete_tenant(name):
    Domain.query.filter_by(tenant_name=name).delete()
    db.session.delete(Tenant.query.filter_by(name=name).one())
    db.session.commit()
    return "", 204


@tenant.get("/tanks")
def list_tanks():
    with with_db() as session:
        fish = session.query(Tank.name, Fish.species).join(Fish, Fish.tank_id == Tank.id).order_by(Fish.id)
        return jsonify([f"{species} in {tank}" for tank, species in fish])


@tenant.post("/tanks")
def fill_tank():
    with with_db() as session:
        tank = Tank(name=request.json["name"])
        session.add(tank)
        session.flush()
        session.add(Fish(tank_id=tank.id, species=request.json["species"]))
        session.commit()
    return "", 201


app.register_blueprint(public)
app.register_blueprint(tenant)
