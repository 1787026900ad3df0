from django.urls import path

from tanks.views import tanks

urlpatterns = [path("tanks", tanks)]
