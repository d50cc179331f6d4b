"""Clusters, the identities used there, and the rules."""

from django.contrib import admin
from django.utils.safestring import SafeString

from chat.admin.read_only import ReadOnly, block
from tools.models import Cluster, Grant, IdentityMap, McpServer, McpTool, PersonalToken, PolicyChange, PolicyRule


@admin.register(Cluster)
class ClusterAdmin(ReadOnly):
    """Kubeconfig files, the environment and administrators say what is registered; what is sealed stays so."""

    exclude = ("sealed",)
    list_display = ("name", "server", "identity", "identity_mode", "is_demo", "origin", "problem", "updated_at")
    list_filter = ("is_demo", "identity_mode", "origin")
    search_fields = ("name", "server", "context", "identity")


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
        return block(change.before)

    @admin.display(description="after")
    def became(self, change: PolicyChange) -> SafeString:
        return block(change.after)


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


@admin.register(McpServer)
class McpServerAdmin(ReadOnly):
    """Registered at /mcp-servers, where every change is recorded; what is sealed stays so."""

    exclude = ("sealed",)
    list_display = ("name", "address", "enabled", "looked_at", "problem", "created_at")
    list_filter = ("enabled",)
    search_fields = ("name", "address")
    ordering = ("-created_at",)


@admin.register(McpTool)
class McpToolAdmin(ReadOnly):
    list_display = ("name", "server", "effect", "digest", "seen_digest", "problem", "updated_at")
    list_filter = ("server", "effect")
    list_select_related = ("server",)
    search_fields = ("name", "description")
    ordering = ("-updated_at",)
