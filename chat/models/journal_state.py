"""What is true of the journal as a whole: which installation it belongs to, and how often it was put back."""

import uuid

from django.db import models


class JournalState(models.Model):
    """One row, made by the first who looks (chat/actions/restores.py). `epoch` goes up when a backup was put back: what
    was seen under another epoch may never have happened."""

    installation = models.UUIDField(default=uuid.uuid4, editable=False)
    epoch = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.installation}"
