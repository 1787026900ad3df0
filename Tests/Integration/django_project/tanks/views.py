import json

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from tanks.models import Fish, Tank


@require_http_methods(["GET", "POST"])
def tanks(request):
    if request.method == "POST":
        body = json.loads(request.body)
        tank = Tank.objects.create(name=body["name"])
        Fish.objects.create(tank=tank, species=body["species"])
        return HttpResponse(status=201)
    fish = Fish.objects.select_related("tank").order_by("id")
    return JsonResponse([f"{one.species} in {one.tank.name}" for one in fish], safe=False)
