"""An event: one numbered line of a conversation's journal, never changed."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone


class Event(models.Model):
    """Written by `chat.journal` alone. `data` is the frame's (chat/event_types.py); `sealed` is what only the model
    gets back, such as the signature of a thinking block, and never leaves the server otherwise."""

    conversation = models.ForeignKey("chat.Conversation", on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField()
    run = models.ForeignKey("chat.Run", on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    type = models.CharField(max_length=32)
    data = models.JSONField()
    sealed = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [models.UniqueConstraint(fields=["conversation", "seq"], name="one_event_per_number")]
        indexes = [models.Index(fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"

    def frame(self) -> dict[str, Any]:
        """The durable frame, the same over the socket, REST and exports (docs/protocol.md)."""
        return {"type": self.type, "data": self.data, "seq": self.seq, "at": moment(self.at)}


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, as frames carry it."""
    return at.isoformat().replace("+00:00", "Z")
