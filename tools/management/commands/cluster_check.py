"""`manage.py cluster_check NAME`: what the portal's own account may do in a cluster, too much and too little."""

from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from tools import clusters, self_check
from tools.kube.errors import KubeError
from tools.self_check import Weight


class Command(BaseCommand):
    help = "Says what the portal's own account may do in a cluster. Ends with 1 when that is too much or too little."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the cluster, as the portal calls it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            cluster = clusters.find(options["name"])
            found = async_to_sync(self_check.check)(cluster.name)
            questionable = clusters.portal_access(cluster.name).questionable
        except KubeError as fault:
            raise CommandError(fault.sentence) from fault
        self.stdout.write(f"{cluster.name}: {cluster.get_identity_mode_display()}.")
        for finding in found:
            self.stdout.write(f"  {finding.weight}: {finding.sentence}")
        for field in questionable:
            self.stdout.write(f"  known: the kubeconfig has {field}.")
        if {finding.weight for finding in found} & {Weight.DANGER, Weight.LACKING}:
            raise CommandError("Give the account the role in deploy/rbac/ that fits, and check again.")
