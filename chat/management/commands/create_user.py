"""`create_user NAME`: makes a person with a role."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.access import ROLES
from chat.actions import people, sign_in
from chat.audit import door
from chat.errors import PortalError


class Command(BaseCommand):
    help = "Makes a person with a role. Without a password they come in by a one-time link, which is printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=list(ROLES), default="operator")
        parser.add_argument("--password-env", metavar="VAR", help="Name of the variable that holds the password.")

    @door.through("terminal")
    def handle(self, *args: Any, **options: Any) -> None:
        variable = options["password_env"]
        password = os.environ.get(variable, "") if variable else ""
        if variable and not password:
            raise CommandError(f"The variable {variable} is empty: set it to the password.")
        try:
            user = people.create(options["name"], role=options["role"], password=password)
        except PortalError as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"{user.get_username()} is {options['role']}.")
        if not password:
            self.stdout.write(f"One-time sign-in link, good for a day: /sign-in/{sign_in.link(user)}")
