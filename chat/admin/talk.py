"""Conversations, and what was said and done in them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from chat.admin.read_only import ReadOnly, ReadOnlyInline, block
from chat.models import (
    AccessToken,
    Approval,
    Command,
    Conversation,
    Event,
    Message,
    Run,
    Share,
    ToolCall,
)


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
        return block(event.data)


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
        return block(call.arguments)

    @admin.display(description="sent to the cluster")
    def left(self, call: ToolCall) -> SafeString:
        return block(call.sent or [])

    @admin.display(description="result")
    def answered(self, call: ToolCall) -> SafeString:
        return block(call.full or call.result)

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
