from django.urls import path

from customers.views import clients

urlpatterns = [path("tenants", clients)]
