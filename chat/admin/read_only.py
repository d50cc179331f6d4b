"""What every page of the audit has in common: it is read, by auditors and administrators, and never changed."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.forms import Media
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat.access import sees_all


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
            may = isinstance(user, User) and sees_all(user)
            request.may_read_audit = may  # type: ignore[attr-defined]
        return bool(request.may_read_audit)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def block(value: Any) -> SafeString:
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
