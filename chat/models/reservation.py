"""A reservation: what one call to a model may cost, set aside before it, and what it did cost."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Reservation(models.Model):
    """Held until `settled_at`; from then on `tokens` and `micros` are spent. `known`: the model counted them; otherwise
    nobody knows, and all that was held is spent. `priced`: the model's price is known; otherwise `micros` are counted
    at the dearest price there is. `pots`: the keys' rows it is held in. `size`: bytes of the request, had
    nothing in it been shortened."""

    run = models.ForeignKey("chat.Run", on_delete=models.PROTECT, related_name="reservations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reservations")
    model = models.CharField(max_length=120, blank=True)
    day = models.DateField(help_text="In UTC, when it was reserved: a call belongs to the day it began.")
    epoch = models.PositiveIntegerField(help_text="The lease under which it was reserved.")
    size = models.PositiveBigIntegerField()
    priced = models.BooleanField()
    pots = models.JSONField(default=list)
    held_tokens = models.PositiveBigIntegerField()
    held_micros = models.PositiveBigIntegerField()
    known = models.BooleanField(default=False)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cache_read_input_tokens = models.PositiveBigIntegerField(default=0)
    cache_creation_input_tokens = models.PositiveBigIntegerField(default=0)
    input_known = models.PositiveBigIntegerField(
        default=0, help_text="Tokens of the request, cached or not, as counted."
    )
    tokens = models.PositiveBigIntegerField(default=0)
    micros = models.PositiveBigIntegerField(default=0)
    reserved_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-reserved_at"]
        indexes = [
            models.Index(fields=["day", "person"]),
            models.Index(fields=["-reserved_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.tokens or self.held_tokens:,} tokens of {self.model}"
