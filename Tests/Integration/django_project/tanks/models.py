from django.db import models


class Tank(models.Model):
    name = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["name"], name="tanks_tank_name")]


class Fish(models.Model):
    tank = models.ForeignKey(Tank, on_delete=models.CASCADE)
    species = models.CharField(max_length=128)
