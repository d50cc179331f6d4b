"""A message: one person's words."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Message(models.Model):
    """`client_id` is made by the client and unique per author: the same one again is the same message."""

    conversation = models.ForeignKey("chat.Conversation", on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages")
    client_id = models.UUIDField()
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["author", "client_id"], name="accepted_once")]

    def __str__(self) -> str:
        return self.text[:80]
