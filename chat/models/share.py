"""A share: with whom a conversation is shared, and how far."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Level(models.TextChoices):
    """Taking part holds reading: sending, stopping, and deciding what one's role allows."""

    READ = "read"
    TAKE_PART = "take_part"


class Share(models.Model):
    """With one person, one group, or, with neither, everyone who is signed in. Taking it back deletes the row."""

    conversation = models.ForeignKey("chat.Conversation", on_delete=models.CASCADE, related_name="shares")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="shared_with_me"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="shared_with_us")
    level = models.CharField(max_length=16, choices=Level.choices, default=Level.READ)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="shares_given")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(person=None) | Q(group=None), name="shared_with_one_party"),
            models.UniqueConstraint(
                fields=["conversation", "person"], condition=~Q(person=None), name="shared_once_with_a_person"
            ),
            models.UniqueConstraint(
                fields=["conversation", "group"], condition=~Q(group=None), name="shared_once_with_a_group"
            ),
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(person=None, group=None), name="shared_once_with_everyone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.get_level_display().lower()}".replace("  ", " ")

    @property
    def kind(self) -> str:
        if self.person_id is not None:
            return "person"
        return "group" if self.group_id is not None else "everyone"

    @property
    def name(self) -> str:
        """Of the person or group; empty for everyone."""
        if self.person is not None:
            return self.person.get_username()
        return self.group.name if self.group is not None else ""
