"""A revocation: the moment from which nothing that a person had begun reaches a cluster any more."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Revocation(models.Model):
    """Of a password or an access token. Runs begun before `at` make no further tool call; what is sent later is new."""

    class Why(models.TextChoices):
        PASSWORD = "password", "their password was changed"
        TOKEN = "token", "an access token of theirs was revoked"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="revocations")
    why = models.CharField(max_length=16, choices=Why.choices)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["user", "-at"])]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_why_display()}"
