"""Addresses of the portal: pages, REST, audit."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", RedirectView.as_view(pattern_name="sign-in", query_string=True)),  # one door, one throttle
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=static("img/mark.svg"))),
    path("", include("chat.rest.urls")),
    path("", include("chat.web.urls")),
]

handler400 = "chat.web.pages.faults.unreadable"
handler403 = "chat.web.pages.faults.not_allowed"
handler404 = "chat.web.pages.faults.not_found"
handler500 = "chat.web.pages.faults.broken"
