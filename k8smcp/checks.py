"""Refuses set-ups that cannot work, with one sentence each."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from k8smcp.environment import Environment


@register()
def the_model_can_be_reached(**_: Any) -> list[CheckMessage]:
    reachable = settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
    if settings.K8SMCP_PROVIDER == "anthropic" and not reachable:
        return [Error("K8SMCP_PROVIDER is anthropic: set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL.", id="k8smcp.E001")]
    if settings.K8SMCP_PROVIDER == "scripted" and not settings.K8SMCP_SCRIPT:
        return [Error("K8SMCP_PROVIDER is scripted: set K8SMCP_SCRIPT to the file it plays.", id="k8smcp.E002")]
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
