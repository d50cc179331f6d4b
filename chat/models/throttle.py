"""A throttle: when somebody tried lately, under one name."""

from django.db import models


class Throttle(models.Model):
    """`name` is the SHA-256 of what is counted: an account or an address, neither of which is kept in words. `moments`:
    seconds since 1970 of the tries that still count, oldest first."""

    name = models.CharField(max_length=64, unique=True)
    moments = models.JSONField(default=list)
    touched_at = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return f"{len(self.moments)} tries"
