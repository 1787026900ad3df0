from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    """Of these columns only `schema_name` is django-tenants' own, and none has a default in the database."""

    name = models.CharField(max_length=100)
    paid_until = models.DateField()
    created_on = models.DateField(auto_now_add=True)
    active = models.BooleanField(default=True)
    auto_drop_schema = True


class Domain(DomainMixin):
    pass
