"""What may be spent, and what was set aside for it."""

from django.contrib import admin

from chat.admin.read_only import ReadOnly
from chat.models import (
    Budget,
    Reservation,
)


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
