"""A command: something a client asked for under an id of its own, and the answer it got."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Command(models.Model):
    """Written by `chat.actions.commands` in the transaction of its effect. Ids are a person's own, whatever the kind:
    one used for a command is used up. `name` is the id the client gave, of one that is no uuid within its conversation.
    `digest` stands for the content, which is not kept here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commands")
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_effect_per_command")]
        indexes = [models.Index(fields=["-created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
