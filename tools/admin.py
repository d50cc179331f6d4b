"""Clusters in the audit pages: to be looked at; kubeconfig files and the environment say what is registered."""

from django.contrib import admin
from django.http import HttpRequest

from tools.models import Cluster


@admin.register(Cluster)
class ClusterAdmin(admin.ModelAdmin):
    list_display = ("name", "server", "identity", "is_demo", "origin", "problem", "updated_at")
    list_filter = ("is_demo", "origin")
    search_fields = ("name", "server", "context", "identity")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return False
