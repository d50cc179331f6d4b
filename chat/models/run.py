"""A run: the agent's work on one message, its state and its lease."""

import uuid

from django.db import models
from django.utils import timezone


class RunStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"


ACTIVE = (RunStatus.RUNNING, RunStatus.WAITING)
ENDED = (RunStatus.DONE, RunStatus.STOPPED, RunStatus.FAILED, RunStatus.LOST)


class Run(models.Model):
    """queued → running ⇄ waiting → done | stopped | failed | lost; an ended run has exactly one `complete` event.

    Whoever holds the newest `lease_epoch` may write for the run; every such write says so in its WHERE. `direct` is a
    tool call asked for without a model: {"tool", "arguments"}; `token` the scope of the access token the message came
    by, empty for a person's own sign-in. `open_block` is the checkpoint of the block being said:
    {"block", "kind", "text"}. `steered`: the author wants a queued message told to the run that is active now.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey("chat.Conversation", on_delete=models.PROTECT, related_name="runs")
    message = models.OneToOneField("chat.Message", on_delete=models.PROTECT, related_name="run")
    door = models.CharField(max_length=16, default="browser")
    token = models.CharField(max_length=16, blank=True, default="", db_default="")
    direct = models.JSONField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=RunStatus.choices, default=RunStatus.QUEUED)
    provider = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=120, blank=True)

    owner = models.CharField(max_length=120, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    stop_requested = models.BooleanField(default=False)
    steered = models.BooleanField(default=False, db_default=False)

    attempt = models.PositiveIntegerField(default=0)
    rounds = models.PositiveIntegerField(default=0)
    usage = models.JSONField(default=dict, blank=True)
    open_block = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(status__in=["running", "waiting"]),
                name="one_active_run_per_conversation",
            )
        ]
        indexes = [models.Index(fields=["status", "lease_until"]), models.Index(fields=["-created_at"])]

    def __str__(self) -> str:
        return f"{self.status} run {self.pk}"

    @property
    def ended(self) -> bool:
        return self.status in ENDED
