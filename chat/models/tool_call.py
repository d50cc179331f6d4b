"""A tool call: one wish to use a tool, and what came of it."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from tools.effects import Effect


class CallStatus(models.TextChoices):
    WISHED = "wished"
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


FINISHED = (CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.DENIED, CallStatus.CANCELLED, CallStatus.UNKNOWN)


class ToolCall(models.Model):
    """wished → (waiting →) running → completed | failed | unknown, or → denied | cancelled.

    `running` is committed before anything reaches a cluster. `wished` gives the arguments to act on. `sent` has one
    {"at", "verb", "path", "words", …} (tools.kube.sending) per change, committed before it left: what is not there was
    never sent. `result` is what the model reads, `full` the whole for people (bounded), `data` the same as JSON.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("chat.Run", on_delete=models.PROTECT, related_name="tool_calls")
    position = models.PositiveIntegerField(help_text="Order of the wish in its run.")
    tool = models.CharField(max_length=64)
    arguments = models.JSONField(help_text="As they may be shown: values of Secrets are masked.")
    sealed = models.JSONField(null=True, blank=True, help_text="As they were wished, until the call has ended.")
    cluster = models.CharField(max_length=253, blank=True)
    effect = models.CharField(max_length=16, blank=True)
    intent = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=16, choices=CallStatus.choices, default=CallStatus.WISHED)
    sent = models.JSONField(null=True, blank=True, help_text="What was about to change; null: no record was kept.")
    result = models.TextField(blank=True)
    full = models.TextField(blank=True)
    data = models.JSONField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_call_per_position")]
        indexes = [
            models.Index(fields=["-requested_at"]),
            models.Index(fields=["tool", "-requested_at"]),
            models.Index(fields=["status", "-requested_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.tool} ({self.status})"

    @property
    def wished(self) -> dict[str, Any]:
        arguments: dict[str, Any] = self.arguments if self.sealed is None else self.sealed
        return arguments

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def writes(self) -> bool:
        """What has no known effect counts as the worst."""
        return Effect(self.effect or Effect.EXECUTE).writes

    @property
    def unanswered(self) -> bool:
        """Whether it may have changed something and nobody knows."""
        return self.status == CallStatus.RUNNING and self.writes
