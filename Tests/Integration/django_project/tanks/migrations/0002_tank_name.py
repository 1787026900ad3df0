from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tanks", "0001_initial")]

    operations = [
        migrations.AddIndex(model_name="tank", index=models.Index(fields=["name"], name="tanks_tank_name")),
    ]
