"""The audit: everything that was said and done, for reading only, whoever is asking."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.forms import Media
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from chat.access import Right, rights
from chat.audit.kinds import KINDS
from chat.models import (
    AccessToken,
    Approval,
    AuditHead,
    AuditRow,
    Budget,
    Command,
    Conversation,
    Event,
    Message,
    Reservation,
    Run,
    Share,
    ToolCall,
)
from tools.effects import Effect
from tools.models import Cluster, Grant, IdentityMap, PolicyChange, PolicyRule


class ReadOnly(admin.ModelAdmin):
    """Nobody adds, changes or deletes here, not even a superuser. Auditors and administrators read."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if not hasattr(request, "may_read_audit"):  # asked for every model of every page, looked up once
            user = request.user
            may = isinstance(user, User) and bool(rights(user) & {Right.AUDIT, Right.ADMINISTER})
            request.may_read_audit = may  # type: ignore[attr-defined]
        return bool(request.may_read_audit)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _block(value: Any) -> SafeString:
    """JSON or text as it is, never as markup."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return format_html("<pre>{}</pre>", text)


class ReadOnlyInline(admin.TabularInline):
    """Part of a page that was already allowed. It has none of the admin's scripts for adding rows, which make markup
    of text (static/js/admin.js)."""

    extra = 0
    can_delete = False
    media = Media()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SharesOfConversation(ReadOnlyInline):
    model = Share
    fk_name = "conversation"
    fields = ("kind", "name", "level", "by", "at")
    readonly_fields = fields


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    list_display = ("title", "owner", "cluster", "head_seq", "created_at", "updated_at", "deleted_at")
    list_filter = ("shares__level", "cluster", "owner", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username", "=id", "messages__text")
    date_hierarchy = "updated_at"
    inlines = (SharesOfConversation,)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ("text", "author", "conversation", "created_at")
    list_filter = ("author", "created_at")
    list_select_related = ("author", "conversation")
    search_fields = ("text", "author__username")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"


@admin.register(Event)
class EventAdmin(ReadOnly):
    """`sealed` stays sealed: it is for the model alone."""

    list_display = ("seq", "type", "conversation", "run", "at")
    list_filter = ("type", "at")
    list_select_related = ("conversation", "run")
    search_fields = ("=conversation__id", "=run__id", "conversation__title")
    fields = ("conversation", "seq", "run", "type", "told", "at")
    readonly_fields = ("told",)
    date_hierarchy = "at"
    ordering = ("-at", "-seq")

    @admin.display(description="data")
    def told(self, event: Event) -> SafeString:
        return _block(event.data)


class CallsOfRun(ReadOnlyInline):
    model = ToolCall
    fields = ("position", "tool", "intent", "cluster", "effect", "status", "duration_ms", "requested_at")
    readonly_fields = fields
    show_change_link = True


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = (
        "id",
        "status",
        "person",
        "conversation",
        "door",
        "provider",
        "model",
        "rounds",
        "created_at",
        "ended_at",
    )
    list_filter = ("status", "door", "provider", "model", "message__author", "created_at")
    list_select_related = ("conversation", "message__author")
    search_fields = ("=id", "conversation__title", "message__author__username", "message__text")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (CallsOfRun,)

    @admin.display(ordering="message__author__username")
    def person(self, run: Run) -> str:
        return run.message.author.get_username()


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnly):
    list_display = (
        "intent",
        "tool",
        "person",
        "cluster",
        "effect",
        "status",
        "duration_ms",
        "requested_at",
        "conversation",
    )
    list_filter = ("status", "effect", "cluster", "tool", "run__message__author", "requested_at")
    list_select_related = ("run__message__author", "run__conversation")
    search_fields = ("=id", "tool", "intent", "cluster", "run__message__author__username", "run__conversation__title")
    fields = (
        *("run", "position", "tool", "intent", "cluster", "effect", "status", "called_with"),
        *("left", "answered", "requested_at", "started_at", "ended_at", "duration_ms"),
    )
    readonly_fields = ("called_with", "left", "answered")
    ordering = ("-requested_at", "-position")
    date_hierarchy = "requested_at"

    @admin.display(ordering="run__message__author__username")
    def person(self, call: ToolCall) -> str:
        return call.run.message.author.get_username()

    @admin.display(ordering="run__conversation__title")
    def conversation(self, call: ToolCall) -> str:
        return str(call.run.conversation)

    @admin.display(description="arguments")
    def called_with(self, call: ToolCall) -> SafeString:
        return _block(call.arguments)

    @admin.display(description="sent to the cluster")
    def left(self, call: ToolCall) -> SafeString:
        return _block(call.sent or [])

    @admin.display(description="result")
    def answered(self, call: ToolCall) -> SafeString:
        return _block(call.full or call.result)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ToolCall]:
        return super().get_queryset(request).defer("data")


@admin.register(Approval)
class ApprovalAdmin(ReadOnly):
    list_display = ("summary", "status", "person", "decided_by", "requested_at", "decided_at", "consumed_at")
    list_filter = ("status", "tool_call__cluster", "tool_call__tool", "tool_call__effect", "decided_by", "requested_at")
    list_select_related = ("tool_call__run__message__author", "decided_by")
    search_fields = ("=id", "summary", "reason", "decided_by__username", "tool_call__run__message__author__username")
    date_hierarchy = "requested_at"

    @admin.display(description="asked by", ordering="tool_call__run__message__author__username")
    def person(self, approval: Approval) -> str:
        return approval.tool_call.run.message.author.get_username()


@admin.register(Command)
class CommandAdmin(ReadOnly):
    list_display = ("kind", "user", "name", "created_at")
    list_filter = ("kind", "user", "created_at")
    list_select_related = ("user",)
    search_fields = ("=name", "user__username")
    date_hierarchy = "created_at"


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnly):
    list_display = ("prefix", "user", "scope", "created_at", "expires_at", "revoked_at")
    list_filter = ("scope", "user")
    list_select_related = ("user",)
    exclude = ("digest",)


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    """Set on the page Budgets."""

    list_display = ("scope", "who", "window", "tokens", "micros", "note", "set_by", "set_at")
    list_filter = ("scope", "window")
    list_select_related = ("set_by",)
    search_fields = ("who", "note")
    ordering = ("-set_at", "-id")


@admin.register(Reservation)
class ReservationAdmin(ReadOnly):
    """Every call to a model, with what was set aside for it and what it cost."""

    list_display = (
        "reserved_at",
        "person",
        "model",
        "tokens",
        "micros",
        "known",
        "priced",
        "held_tokens",
        "settled_at",
    )
    list_filter = ("known", "priced", "model", "person", "day")
    list_select_related = ("person",)
    search_fields = ("=run__id", "person__username", "model")
    date_hierarchy = "reserved_at"
    ordering = ("-reserved_at", "-id")


@admin.register(Cluster)
class ClusterAdmin(ReadOnly):
    """Kubeconfig files, the environment and administrators say what is registered; what is sealed stays so."""

    exclude = ("sealed",)
    list_display = ("name", "server", "identity", "identity_mode", "is_demo", "origin", "problem", "updated_at")
    list_filter = ("is_demo", "identity_mode", "origin")
    search_fields = ("name", "server", "context", "identity")


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
    search_fields = ("=actor", "=conversation_id", "=run_id", "=tool_call_id", "=cluster", "=tool", "=approved_by")
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
        return _block(json.loads(row.request) if row.request else {})

    @admin.display(description="incident report")
    def report(self, row: AuditRow) -> str:
        if not row.conversation_id:
            return ""
        return format_html('<a href="{}">report</a>', reverse("conversation-report", args=[row.conversation_id]))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"head": AuditHead.objects.first()} | (extra_context or {}))


@admin.register(PolicyRule)
class PolicyRuleAdmin(ReadOnly):
    """Written at /policy, where every change is recorded."""

    list_display = ("name", "decision", "second_person", "enabled", "note", "updated_at")
    list_filter = ("decision", "enabled")
    search_fields = ("name", "note")
    ordering = ("-updated_at",)


@admin.register(Grant)
class GrantAdmin(ReadOnly):
    list_display = ("person", "role", "cluster", "namespace", "reason", "made_by", "made_at", "until", "revoked_at")
    list_filter = ("role", "cluster")
    list_select_related = ("person", "made_by")
    search_fields = ("person__username", "reason", "cluster", "namespace")
    ordering = ("-made_at",)


@admin.register(PolicyChange)
class PolicyChangeAdmin(ReadOnly):
    list_display = ("version", "at", "by", "what")
    list_filter = ("by", "at")
    list_select_related = ("by",)
    search_fields = ("what", "by__username")
    fields = ("version", "at", "by", "what", "was", "became")
    readonly_fields = ("was", "became")

    @admin.display(description="before")
    def was(self, change: PolicyChange) -> SafeString:
        return _block(change.before)

    @admin.display(description="after")
    def became(self, change: PolicyChange) -> SafeString:
        return _block(change.after)


@admin.register(IdentityMap)
class IdentityMapAdmin(ReadOnly):
    list_display = ("cluster", "kind", "subject", "kube_name")
    list_filter = ("cluster", "kind")
    list_select_related = ("cluster",)
    search_fields = ("subject", "kube_name")
