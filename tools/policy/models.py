"""The policy's rows: rules people wrote, marks of namespaces, grants, the version, and the record of every change."""

import uuid

from django.conf import settings
from django.db import models


class PolicyRule(models.Model):
    """A rule written in the portal (tools.policy.rule.Rule). One with the name of a built-in rule stands in its place;
    one that is not enabled puts it out of force."""

    name = models.SlugField(max_length=60, unique=True)
    enabled = models.BooleanField(default=True)
    decision = models.CharField(max_length=8)
    persons = models.JSONField(default=list, blank=True)
    groups = models.JSONField(default=list, blank=True)
    tokens = models.JSONField(default=list, blank=True)
    clusters = models.JSONField(default=list, blank=True)
    namespaces = models.JSONField(default=list, blank=True)
    kinds = models.JSONField(default=list, blank=True)
    effects = models.JSONField(default=list, blank=True)
    second_person = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name}: {self.decision}"


class ProductionNamespace(models.Model):
    """Namespaces of a cluster that are production though the cluster as a whole is not. By the cluster's name, so that
    the mark outlives a cluster that is forgotten and registered again."""

    cluster = models.CharField(max_length=200)
    pattern = models.CharField(max_length=64)

    class Meta:
        ordering = ("cluster", "pattern")
        constraints = (models.UniqueConstraint(fields=("cluster", "pattern"), name="one_mark_per_namespace"),)

    def __str__(self) -> str:
        return f"{self.pattern} in {self.cluster}"


class Grant(models.Model):
    """A role for a while, at a place: it ends by itself at `until`. `cluster` and `namespace` are patterns; an empty
    namespace is the whole cluster, with what belongs to no namespace."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20)
    effects = models.JSONField(default=list)
    cluster = models.CharField(max_length=200)
    namespace = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants_made")
    made_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-until",)
        indexes = (models.Index(fields=("until",)),)

    def __str__(self) -> str:
        return f"{self.person} as {self.role} in {self.namespace or 'all'} of {self.cluster}"


class PolicyState(models.Model):
    """One row. `version` counts the changes; `stamp` is new with each, and never the same in two databases."""

    version = models.PositiveBigIntegerField(default=0)
    stamp = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return f"version {self.version}"


class PolicyChange(models.Model):
    """Who changed what in the policy, never changed itself. before, after: the fields, null where there was nothing."""

    version = models.PositiveBigIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="policy_changes")
    what = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"{self.version}: {self.what}"
