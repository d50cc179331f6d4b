"""An approval: a person's yes or no to one exact tool call."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class ApprovalStatus(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    VOID = "void"


class Approval(models.Model):
    """`call_hash` binds it to everything that matters (chat/binding.py): the call, its cluster, and each request it
    will send to objects as they are; `consumed_at` is set by the one execution it allows, in the transaction that
    marks the call as running. `plan` is what people see of it, `rule` why they are asked, `type_name` what whoever
    approves has to type; `edited_by` changed the call's arguments, which made this one void."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tool_call = models.ForeignKey("chat.ToolCall", on_delete=models.PROTECT, related_name="approvals")
    status = models.CharField(max_length=16, choices=ApprovalStatus.choices, default=ApprovalStatus.PENDING)
    call_hash = models.CharField(max_length=64)
    summary = models.CharField(max_length=500)
    plan = models.JSONField(default=dict, blank=True, help_text="What would change, as people see it.")
    bound = models.JSONField(default=dict, blank=True, help_text="Digests of all that it is bound to.")
    rule = models.CharField(max_length=300, blank=True)
    second_person = models.BooleanField(default=False, help_text="Whoever asked for it may not approve it.")
    type_name = models.CharField(max_length=253, blank=True)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the team's room was told.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="edited_approvals"
    )
    consumed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tool_call"], condition=models.Q(status="pending"), name="one_pending_approval_per_call"
            )
        ]
        indexes = [models.Index(fields=["status", "expires_at"])]

    def __str__(self) -> str:
        return f"{self.status}: {self.summary}"
