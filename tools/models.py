"""The clusters this portal knows: where each one's access is written down, never the access itself."""

from django.db import models


class Cluster(models.Model):
    """One API server and the identity used there. `kubeconfig` is empty for the account of the pod we run in."""

    class Origin(models.TextChoices):
        START = "start", "registered at start"
        PERSON = "person", "registered by a person"

    name = models.CharField(max_length=200, unique=True)
    kubeconfig = models.CharField(max_length=1000, blank=True)
    context = models.CharField(max_length=500, blank=True)
    server = models.CharField(max_length=500, blank=True)
    identity = models.CharField(max_length=500, blank=True)
    problem = models.TextField(blank=True, help_text="Why it cannot be used, as a sentence; empty when it can.")
    is_demo = models.BooleanField(default=False)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.START)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("kubeconfig", "context"), name="one_cluster_per_context"),)

    def __str__(self) -> str:
        return self.name


class KnownValue(models.Model):
    """A secret value the portal has seen, as keyed hashes: enough to mask it wherever it turns up, not to tell it.

    digest: of the whole value, hex; forms: `tools.redaction.forms`, packed.
    """

    digest = models.CharField(max_length=32, unique=True)
    length = models.PositiveIntegerField()
    forms = models.BinaryField()
    seen_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.length} characters"
