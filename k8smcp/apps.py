"""The wiring, as a Django app: it brings the checks and the command that starts everything."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "k8smcp"
    verbose_name = "Portal"

    def ready(self) -> None:
        from django.contrib import admin

        from k8smcp import checks  # noqa: F401 - registers them

        admin.site.site_header = admin.site.site_title = "K8s MCP: audit"
        admin.site.index_title = "Everything that was said and done"
