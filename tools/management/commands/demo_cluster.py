"""`manage.py demo_cluster [--port N]`: serves the demo cluster alone on loopback and prints its kubeconfig's path."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools.demo.serving import PortTaken, serve


class Command(BaseCommand):
    """Runs in the foreground until interrupted; any client with the kubeconfig may use the cluster."""

    help = "Serve the demo cluster on loopback and print the path of its kubeconfig."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(settings.K8SMCP_HOME, options["port"], ready=self.announce)
        except PortTaken as error:
            raise CommandError(str(error)) from error

    def announce(self, path: Path) -> None:
        self.stdout.write(str(path))
        self.stdout.flush()
