"""An audit row: one thing that was done, sealed by its hash to the row before it; and the head of that chain."""

from typing import Any, NoReturn

from django.db import models

from chat.errors import NotAllowed

NOBODY_BEFORE = "0" * 64  # `prev_hash` of the first row


class _Forever(models.QuerySet["AuditRow"]):
    """Rows can be read. They are made one by one, by `chat.audit.record`."""

    def update(self, **changes: Any) -> NoReturn:
        raise _never()

    def delete(self) -> NoReturn:
        raise _never()

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise _never()

    def bulk_create(self, *args: Any, **options: Any) -> NoReturn:
        raise NotAllowed("Audit rows are made one by one, each sealing the one before: use chat.audit.record.")


class AuditRow(models.Model):
    """Written by `chat.audit.record` alone, never changed, never deleted: a trigger in the database refuses it as well.

    It names people, conversations and clusters by text and not by key, so nothing that is deleted elsewhere takes it
    along. `request` is canonical JSON as text, with secrets masked; `request_hash` is keyed and stands for all of it.
    `hash` is the SHA-256 of `prev_hash` and the canonical JSON of the row (chat/audit/chain.py).
    """

    seq = models.PositiveBigIntegerField(primary_key=True, help_text="1, 2, 3 … without gap.")
    at = models.DateTimeField(help_text="By the database's clock.")
    kind = models.CharField(max_length=48)
    actor = models.CharField(max_length=150, blank=True, help_text="Username; empty: the portal by itself.")
    identity = models.CharField(max_length=253, blank=True, help_text="As whom the cluster was asked.")
    door = models.CharField(max_length=16, blank=True)
    conversation_id = models.CharField(max_length=36, blank=True)
    run_id = models.CharField(max_length=36, blank=True)
    tool_call_id = models.CharField(max_length=36, blank=True)
    cluster = models.CharField(max_length=253, blank=True)
    tool = models.CharField(max_length=64, blank=True)
    effect = models.CharField(max_length=16, blank=True)
    decision = models.CharField(max_length=16, blank=True)
    rule = models.CharField(max_length=200, blank=True)
    policy_version = models.CharField(max_length=64, blank=True)
    approved_by = models.CharField(max_length=150, blank=True)
    request = models.TextField(blank=True)
    request_hash = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=300, blank=True)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = _Forever.as_manager()

    class Meta:
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["-at"]),
            models.Index(fields=["conversation_id", "seq"]),
            models.Index(fields=["actor", "-seq"]),
            models.Index(fields=["kind", "-seq"]),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise _never()
        super().save(*args, **options | {"force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise _never()


class AuditHead(models.Model):
    """The one row that every writer locks: the number and the hash of the newest audit row. `verified_…` is what the
    last `audit_verify` found, up to which row; it proves nothing, it is shown."""

    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=NOBODY_BEFORE)
    verified_seq = models.PositiveBigIntegerField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"head of the audit: {self.seq}"


def _never() -> NotAllowed:
    return NotAllowed("An audit row is never changed or deleted. What was wrong is put right by a new one.")
