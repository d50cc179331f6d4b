"""A message: one person's words."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Message(models.Model):
    """`client_id` is made by the client: unique per author, and in its conversation, where others call the message by
    it. `text` is what the agent reads; while its run is queued, the author may edit it."""

    conversation = models.ForeignKey("chat.Conversation", on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    client_id = models.UUIDField()
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["author", "client_id"], name="accepted_once"),
            models.UniqueConstraint(fields=["conversation", "client_id"], name="one_message_per_id"),
        ]

    def __str__(self) -> str:
        return self.text[:80]
