"""A conversation: what a team and the agent said and did."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property


class Conversation(models.Model):
    """Private to its owner until shared (`shares`). `head_seq` is the number of the newest event; only the journal
    writes it. Deleting hides it: `deleted_at` is set, and auditors still see what happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conversations")
    cluster = models.CharField(max_length=253, blank=True, help_text="Where tool calls go that name no cluster.")
    head_seq = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"]), models.Index(fields=["-updated_at"])]

    def __str__(self) -> str:
        return self.title or "New conversation"

    @cached_property
    def shared(self) -> bool:
        """Whether it is shared with everyone who is signed in. Prefetch `shares` for a list."""
        return any(share.kind == "everyone" for share in self.shares.all())

    def get_absolute_url(self) -> str:
        return reverse("conversation", args=[self.pk])
