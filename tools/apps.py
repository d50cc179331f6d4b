"""What can be done to clusters, as a Django app."""

from django.apps import AppConfig


class ToolsConfig(AppConfig):
    name = "tools"
    verbose_name = "Clusters and tools"

    def ready(self) -> None:
        from tools import known_values

        known_values.begin()
