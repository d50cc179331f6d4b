"""The clusters this portal knows, who acts as whom in each, and what was entrusted to it: sealed, never in clear."""

import json

from django.conf import settings
from django.db import models
from django.db.models import Q

from tools.effects import Effect
from tools.policy.models import Grant, PolicyChange, PolicyRule, PolicyState, ProductionNamespace
from tools.servers import programs

__all__ = ("Cluster", "Grant", "PolicyChange", "PolicyRule", "PolicyState", "ProductionNamespace")


class Cluster(models.Model):
    """One API server and the identity used there. `kubeconfig` is empty for the account of the pod we run in, and for
    a cluster registered in the portal, whose access is in `sealed`."""

    class Origin(models.TextChoices):
        START = "start", "registered at start"
        PERSON = "person", "registered by a person"

    class IdentityMode(models.TextChoices):
        IMPERSONATE = "impersonate", "each person as themselves"
        TOKEN = "token", "each person with a token of their own"
        SHARED = "shared", "one identity for everybody"

    name = models.CharField(max_length=200, unique=True)
    kubeconfig = models.CharField(max_length=1000, blank=True)
    context = models.CharField(max_length=500, blank=True)
    sealed = models.TextField(blank=True, editable=False)
    server = models.CharField(max_length=500, blank=True)
    identity = models.CharField(max_length=500, blank=True)
    identity_mode = models.CharField(max_length=12, choices=IdentityMode, default=IdentityMode.SHARED)
    shared_writes = models.BooleanField(default=False, help_text="Whether the one identity for everybody may change.")
    default_names = models.BooleanField(
        default=True, help_text="Whether a person without a line in the map acts as k8smcp:<their name>."
    )
    problem = models.TextField(blank=True, help_text="Why it cannot be used, as a sentence; empty when it can.")
    is_demo = models.BooleanField(default=False)
    production = models.BooleanField(default=False, db_default=False, help_text="Changes ask a second person.")
    read_only = models.BooleanField(default=False, db_default=False, help_text="Nothing is changed here.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.START)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("kubeconfig", "context"), condition=Q(sealed=""), name="one_cluster_per_context"
            ),
        )

    def __str__(self) -> str:
        return self.name


class IdentityMap(models.Model):
    """One line of a cluster's map: this person, or this group of the portal, acts there as that user or group."""

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        GROUP = "group", "group"

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="identity_map")
    kind = models.CharField(max_length=6, choices=Kind)
    subject = models.CharField(max_length=150, help_text="A username, or the name of a group, of the portal.")
    kube_name = models.CharField(max_length=200, help_text="The Kubernetes user, or group, they act as.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("kind", "subject", "kube_name")
        constraints = (
            models.UniqueConstraint(fields=("cluster", "kind", "subject", "kube_name"), name="no_line_twice"),
            models.UniqueConstraint(
                fields=("cluster", "subject"), condition=Q(kind="person"), name="one_user_per_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} → {self.kube_name} in {self.cluster}"


class PersonalToken(models.Model):
    """The token of one person for one cluster, sealed. `expires_at`: what the token says of itself, if it does."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="personal_tokens")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cluster_tokens")
    sealed = models.TextField(editable=False)
    expires_at = models.DateTimeField(null=True)
    stored_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("cluster", "owner"), name="one_token_per_person"),)

    def __str__(self) -> str:
        return f"a token for {self.cluster}"


class McpServer(models.Model):
    """Another MCP server whose tools people may use here. address: over HTTP, or `program:NAME` for a program on this
    machine; `sealed`: the headers it is sent, a credential among them."""

    name = models.CharField(max_length=20, unique=True)
    address = models.CharField(max_length=500)
    sealed = models.TextField(blank=True, editable=False)
    enabled = models.BooleanField(default=True)
    problem = models.TextField(blank=True, help_text="Why it could not be asked for its tools, as a sentence.")
    looked_at = models.DateTimeField(null=True, help_text="When it last told its tools.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def program(self) -> str:
        """Its name, when it is one; empty for a server that is reached over HTTP."""
        return programs.name_in(self.address)


class McpTool(models.Model):
    """One tool of such a server, as the server tells it now (`digest`). `effect` is an administrator's word, and counts
    only for what they looked at (`seen_digest`)."""

    server = models.ForeignKey(McpServer, models.CASCADE, related_name="tools")
    name = models.CharField(max_length=128)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    schema = models.JSONField(default=dict)
    hints = models.JSONField(default=dict, help_text="What the server says of itself, which nobody relies on.")
    digest = models.CharField(max_length=64)
    effect = models.CharField(max_length=16, blank=True, choices=[(effect, effect) for effect in Effect])
    seen_digest = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why nobody can use it, as a sentence.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("server", "name"), name="one_tool_per_name"),)

    def __str__(self) -> str:
        return f"{self.server}__{self.name}"

    @property
    def schema_text(self) -> str:
        return json.dumps(self.schema, indent=1, ensure_ascii=False)

    @property
    def assigned(self) -> Effect | None:
        """None until an administrator has looked at it as it is now."""
        return Effect(self.effect) if self.effect and self.seen_digest == self.digest else None


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
