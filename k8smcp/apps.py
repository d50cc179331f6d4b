"""The wiring, as a Django app: it brings the checks and the command that starts everything."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "k8smcp"
    verbose_name = "Portal"

    def ready(self) -> None:
        from k8smcp import checks  # noqa: F401 - registers them
