"""A budget: how many tokens and how much money a run, a person, a group or everybody may spend."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Scope(models.TextChoices):
    RUN = "run", "each run"
    PERSON = "person", "a person"
    GROUP = "group", "a group together"
    EVERYBODY = "everybody", "everybody together"


class Window(models.TextChoices):
    RUN = "run", "a run"
    DAY = "day", "a day"
    MONTH = "month", "a month"


class Budget(models.Model):
    """`who`: a username (of a run: its author) or a group's name; empty: every one of them, each for itself. One that
    names somebody stands in the place of the general one. A bound that is null does not bind."""

    scope = models.CharField(max_length=16, choices=Scope.choices)
    who = models.CharField(max_length=150, blank=True)
    window = models.CharField(max_length=8, choices=Window.choices)
    tokens = models.PositiveBigIntegerField(null=True, blank=True)
    micros = models.PositiveBigIntegerField(null=True, blank=True, help_text="Money, in millionths of a US dollar.")
    note = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="budgets_set"
    )
    set_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["scope", "who", "window"]
        constraints = [models.UniqueConstraint(fields=["scope", "who", "window"], name="one_budget_per_scope")]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.who} in {self.get_window_display()}".replace("  ", " ")
