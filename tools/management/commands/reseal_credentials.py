"""`manage.py reseal_credentials`: seals all stored credentials with the first key, so that an old one can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tools import registered
from tools.kube.errors import KubeError


class Command(BaseCommand):
    help = "Seals the stored credentials anew with the first key of K8SMCP_CREDENTIALS_KEY (or credentials-key)."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = registered.reseal_all()
        except KubeError as fault:
            raise CommandError(fault.sentence) from fault
        self.stdout.write(f"{count} sealed with the first key. Older keys can be taken away.")
