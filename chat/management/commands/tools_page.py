"""`tools_page`: writes the catalogue as Markdown, as it stands in docs/tools.md."""

from typing import Any

from django.core.management.base import BaseCommand

from tools import registry
from tools.page import page


class Command(BaseCommand):
    help = "Writes the catalogue of tools as a Markdown page: manage.py tools_page > docs/tools.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(registry.all_tools()), ending="")
