"""`policy_ask PERSON CLUSTER NAMESPACE KIND EFFECT`: what the portal would say, and which rule says it."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import policy
from chat.errors import PortalError
from tools.effects import Effect

_PLACES: dict[str, str | None] = {"-": "", "?": None}


class Command(BaseCommand):
    help = "Says whether a person would be allowed, asked about or denied something, by which rule, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person")
        parser.add_argument("cluster")
        parser.add_argument("namespace", help="A namespace, * for all at once, - for none, ? for not known yet.")
        parser.add_argument("kind", help="pods, deployments.apps, pods/exec; ? for one that cannot be resolved.")
        parser.add_argument("effect", type=str.upper, choices=[effect.value for effect in Effect])
        parser.add_argument("--token", default="", help="As if it came by an access token of this scope.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["person"]).first()
        if user is None:
            raise CommandError(f"There is no person called {options['person']!r}.")
        place = _PLACES.get(options["namespace"], options["namespace"])
        effect = Effect(options["effect"])
        supposed = policy.Supposed(options["cluster"], effect, options["kind"].lower(), place, options["token"])
        try:
            verdict = policy.what_if(user, supposed)
        except PortalError as fault:
            raise CommandError(str(fault)) from fault
        decision = f"{verdict.decision} (a second person)" if verdict.second_person else verdict.decision
        self.stdout.write(f"decision  {decision}\nrule      {verdict.rule}\nreason    {verdict.reason}")
