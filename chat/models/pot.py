"""A pot: what of one budget is spent, and what is set aside, in one stretch of time."""

from django.db import models


class Pot(models.Model):
    """`key` names scope, whose, and when: `person/ana/2026-11-26`, `everybody//2026-11`. Every call to a model locks
    the pots it concerns in the order of their keys. held: set aside for calls under way."""

    key = models.CharField(max_length=220, unique=True)
    spent_tokens = models.PositiveBigIntegerField(default=0)
    spent_micros = models.PositiveBigIntegerField(default=0)
    held_tokens = models.PositiveBigIntegerField(default=0)
    held_micros = models.PositiveBigIntegerField(default=0)
    warned = models.BooleanField(default=False, help_text="Whether somebody was told that it is nearly empty.")

    def __str__(self) -> str:
        return self.key
