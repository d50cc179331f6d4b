"""`runserver`: Django's server for those who change the portal; production is `start`."""

from typing import Any

from daphne.management.commands.runserver import Command as Daphne
from django.conf import settings
from django.core.management.base import CommandError

from k8smcp import daphne_bounds


class Command(Daphne):  # type: ignore[misc]  # daphne has no types
    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(daphne_bounds.REFUSAL)
        super().handle(*args, **options)
