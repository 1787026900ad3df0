from django.http import HttpResponseNotFound


def active_tenants_only(get_response):
    """django-tenants knows no deactivation; a project that wants one writes a few lines like these."""

    def middleware(request):
        if not request.tenant.active:
            return HttpResponseNotFound()
        return get_response(request)

    return middleware
