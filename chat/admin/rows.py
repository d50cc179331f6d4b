"""The rows of the audit that seal one another."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chat.admin.read_only import ReadOnly, block
from chat.audit.kinds import KINDS
from chat.models import (
    AuditHead,
    AuditRow,
)
from tools.effects import Effect


class _OneOf(admin.SimpleListFilter):
    """A filter whose choices are known: asking a long table for its distinct values takes long."""

    choices_known: tuple[tuple[str, str], ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.choices_known)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


def _one_of(field: str, choices: dict[str, str]) -> type[_OneOf]:
    told = {"title": field, "parameter_name": field, "choices_known": tuple(choices.items())}
    return type(f"Audit{field.title()}", (_OneOf,), told)


_DECISIONS = ("allow", "ask", "deny", "approved", "rejected", "expired", "void")


@admin.register(AuditRow)
class AuditRowAdmin(ReadOnly):
    """Rows that seal one another, with what the last verification found."""

    change_list_template = "admin/chat/auditrow/change_list.html"
    list_display = ("seq", "when", "kind", "actor", "door", "cluster", "tool", "decision", "came_of_it", "report")
    list_filter = (
        _one_of("kind", KINDS),
        _one_of("effect", {effect.value: effect.value for effect in Effect}),
        _one_of("decision", {each: each for each in _DECISIONS}),
        _one_of("door", {each: each for each in ("browser", "socket", "rest", "mcp", "terminal")}),
        "at",
    )
    search_fields = ("=actor", "=conversation_id", "=run_id", "=tool_call_id", "=cluster", "=tool", "=rule")
    exclude = ("request",)
    readonly_fields = ("asked_for", "report")
    ordering = ("-seq",)

    @admin.display(description="at (UTC)", ordering="at")
    def when(self, row: AuditRow) -> str:
        return row.at.strftime("%Y-%m-%d %H:%M:%S")

    @admin.display(description="outcome")
    def came_of_it(self, row: AuditRow) -> str:
        return Truncator(row.outcome).chars(60)

    @admin.display(description="request")
    def asked_for(self, row: AuditRow) -> SafeString:
        return block(json.loads(row.request) if row.request else {})

    @admin.display(description="incident report")
    def report(self, row: AuditRow) -> str:
        if not row.conversation_id:
            return ""
        return format_html('<a href="{}">report</a>', reverse("conversation-report", args=[row.conversation_id]))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"head": AuditHead.objects.first()} | (extra_context or {}))
