"""A change that a call made: one object, what became different, and the way back."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Change(models.Model):
    """`undo` is {"tool", "arguments"} of the call that would undo it, null where `why_not` says why there is none;
    `undo_run` is the run that was last asked to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tool_call = models.ForeignKey("chat.ToolCall", on_delete=models.PROTECT, related_name="changes")
    position = models.PositiveIntegerField()
    verb = models.CharField(max_length=32)
    words = models.CharField(max_length=700)
    lines = models.JSONField(default=list)
    undo = models.JSONField(null=True, blank=True)
    why_not = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    undo_run = models.ForeignKey("chat.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="undoes")

    class Meta:
        ordering = ["-made_at", "position"]
        constraints = [
            models.UniqueConstraint(fields=["tool_call", "position"], name="one_change_per_step_of_a_call"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.words}"
