"""The audit: everything that was said and done, for reading only, whoever is asking."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat.access import Right, rights
from chat.models import AccessToken, Approval, Command, Conversation, Event, Message, Run, ToolCall
from tools.models import Cluster, IdentityMap, PersonalToken


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


@admin.register(Conversation)
class ConversationAdmin(ReadOnly):
    list_display = ("title", "owner", "cluster", "shared", "head_seq", "created_at", "updated_at", "deleted_at")
    list_filter = ("shared", "cluster", "owner", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username", "=id", "messages__text")
    date_hierarchy = "updated_at"


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


class CallsOfRun(admin.TabularInline):
    model = ToolCall
    fields = ("position", "tool", "intent", "cluster", "effect", "status", "duration_ms", "requested_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


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


@admin.register(Cluster)
class ClusterAdmin(ReadOnly):
    """Kubeconfig files, the environment and administrators say what is registered; what is sealed stays so."""

    exclude = ("sealed",)
    list_display = ("name", "server", "identity", "identity_mode", "is_demo", "origin", "problem", "updated_at")
    list_filter = ("is_demo", "identity_mode", "origin")
    search_fields = ("name", "server", "context", "identity")


@admin.register(IdentityMap)
class IdentityMapAdmin(ReadOnly):
    list_display = ("cluster", "kind", "subject", "kube_name", "created_at")
    ordering = ("-created_at",)
    list_filter = ("cluster", "kind")
    list_select_related = ("cluster",)
    search_fields = ("subject", "kube_name")


@admin.register(PersonalToken)
class PersonalTokenAdmin(ReadOnly):
    list_display = ("cluster", "owner", "expires_at", "stored_at")
    ordering = ("-stored_at",)
    list_filter = ("cluster", "owner")
    list_select_related = ("cluster", "owner")
    exclude = ("sealed",)
