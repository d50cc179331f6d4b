"""Refuses set-ups that cannot work, with one sentence each."""

import shutil
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from chat.budgets import prices
from k8smcp import mounts
from k8smcp.environment import Environment
from tools.policy import file


@register()
def the_model_can_be_reached(**_: Any) -> list[CheckMessage]:
    reachable = settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    if settings.K8SMCP_PROVIDER == "anthropic" and not reachable:
        return [Error("K8SMCP_PROVIDER is anthropic: set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL.", id="k8smcp.E001")]
    if settings.K8SMCP_PROVIDER == "scripted" and not settings.K8SMCP_SCRIPT:
        return [Error("K8SMCP_PROVIDER is scripted: set K8SMCP_SCRIPT to the file it plays.", id="k8smcp.E002")]
    return []


@register()
def prices_can_be_read(**_: Any) -> list[CheckMessage]:
    try:
        prices.table()
    except ImproperlyConfigured as fault:
        return [Error(str(fault), id="k8smcp.E004")]
    return []


@register()
def other_machines_are_let_in_on_purpose(**_: Any) -> list[CheckMessage]:
    if settings.HOST in ("127.0.0.1", "localhost", "::1") or Environment().words("ALLOWED_HOSTS"):
        return []
    return [
        Warning(
            f"HOST is {settings.HOST}, but ALLOWED_HOSTS is not set: browsers on other machines are refused.",
            hint="Set ALLOWED_HOSTS to the name under which people reach the portal.",
            id="k8smcp.W001",
        )
    ]


@register()
def sqlite_is_on_a_drive_of_this_machine(**_: Any) -> list[CheckMessage]:
    """SQLite's write-ahead log shares memory between its users: on a network drive two machines destroy it."""
    if not _on("sqlite"):
        return []
    drive = mounts.network_drive(Path(settings.DATABASES["default"]["NAME"]), mounts.mounted())
    if drive is None:
        return []
    return [
        Error(
            f"The SQLite database is on a network drive ({drive.kind} at {drive.place}), where it breaks: set "
            "K8SMCP_HOME to a folder on a drive of this machine, or DATABASE_URL to PostgreSQL.",
            id="k8smcp.E003",
        )
    ]


@register()
def the_policy_file_can_be_read(**_: Any) -> list[CheckMessage]:
    """A portal that starts without the rules it was given would allow what they forbid."""
    if not settings.K8SMCP_POLICY:
        return []
    try:
        file.read(Path(settings.K8SMCP_POLICY))
    except file.BadPolicy as fault:
        return [Error(f"K8SMCP_POLICY: {fault}. Mend it, or unset the variable.", id="k8smcp.E005")]
    return []


@register()
def machines_share_one_secret_key(**_: Any) -> list[CheckMessage]:
    """PostgreSQL and Redis together are for several processes; a key that was made lies in the home of one."""
    if not (_on("postgresql") and settings.REDIS_URL) or Environment().text("SECRET_KEY"):
        return []
    return [
        Warning(
            "SECRET_KEY is not set: every K8SMCP_HOME makes one of its own, and who has signed in at one process is a "
            "stranger to another.",
            hint="Set the same SECRET_KEY, at least 50 random characters, for every process of the portal.",
            id="k8smcp.W002",
        )
    ]


@register()
def credentials_can_be_sealed(**_: Any) -> list[CheckMessage]:
    """Not looked at before somebody stores one otherwise, which is late."""
    try:
        for key in settings.K8SMCP_CREDENTIALS_KEY:
            Fernet(key)
    except ValueError:
        return [
            Error(
                "K8SMCP_CREDENTIALS_KEY holds something that is no key: it accepts 32 random bytes in URL-safe base64, "
                "several of them comma-separated.",
                id="k8smcp.E006",
            )
        ]
    return []


@register()
def programs_of_mcp_are_there(**_: Any) -> list[CheckMessage]:
    return [
        Warning(
            f'K8SMCP_MCP_PROGRAMS: the program "{program.name}" cannot be found on this machine.',
            hint="Write the whole path of the command, or put it on the PATH of the portal.",
            id="k8smcp.W004",
        )
        for program in settings.K8SMCP_MCP_PROGRAMS.values()
        if shutil.which(program.command[0]) is None
    ]


@register(Tags.security, deploy=True)
def browsers_come_through_tls(**_: Any) -> list[CheckMessage]:
    """Stands for four of Django's own checks, whose settings nobody can reach from here."""
    if settings.BEHIND_TLS:
        return []
    return [
        Warning(
            "Browsers reach the portal without TLS, so their sign-ins can be read on the way.",
            hint="Put a proxy that ends TLS before it, and set CSRF_TRUSTED_ORIGINS to its https:// address.",
            id="k8smcp.W003",
        )
    ]


def _on(vendor: str) -> bool:
    return vendor in settings.DATABASES["default"]["ENGINE"]
