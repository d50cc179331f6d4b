"""Drafts manifests of ten common kinds, in the API versions the cluster serves. Nothing is created."""

from typing import Literal

from pydantic import Field

from tools.catalogue import draft_forms
from tools.catalogue.draft_forms import Wishes
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import KubeError, Unsupported
from tools.kube.resources import valid_namespace, valid_new_name
from tools.rendering import as_yaml
from tools.spec import Arguments, Result, Tool

Kind = Literal[
    "deployment",
    "service",
    "configmap",
    "secret",
    "ingress",
    "persistentvolumeclaim",
    "horizontalpodautoscaler",
    "job",
    "cronjob",
    "statefulset",
]


class DraftArguments(Arguments):
    kind: Kind
    name: str = Field(min_length=1)
    namespace: str = "default"
    image: str | None = Field(None, description="Needed for deployment, statefulset, job, cronjob.")
    replicas: int = Field(1, ge=0, le=1000)
    port: int | None = Field(None, ge=1, le=65535)
    target_port: int | None = Field(None, ge=1, le=65535)
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    host: str | None = Field(None, description="ingress")
    path: str = Field("/", description="ingress")
    target: str | None = Field(
        None, description="Service of an ingress, Deployment of an autoscaler, app of a service."
    )
    command: list[str] | None = None
    schedule: str = Field("0 3 * * *", description="cronjob")
    size: str = Field("1Gi", description="persistentvolumeclaim, statefulset")
    storage_class: str | None = None
    access_mode: Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"] = "ReadWriteOnce"
    max_replicas: int = Field(5, ge=1, le=1000)
    cpu_percent: int = Field(80, ge=1, le=1000)
    data: dict[str, str] | None = Field(None, description="configmap; for a secret only its keys are used.")
    env: dict[str, str] | None = None


async def draft(client: KubeClient, asked: DraftArguments) -> Result:
    """data: {"kind", "manifest": YAML text, "object": the same as JSON}."""
    valid_new_name(asked.name)
    valid_namespace(asked.namespace)
    form = draft_forms.FORMS[asked.kind]
    api_version, note = await _version(client, form)
    document = {
        "apiVersion": api_version,
        "kind": form.kind,
        "metadata": {"name": asked.name, "namespace": asked.namespace, "labels": {"app": asked.target or asked.name}},
        **form.build(Wishes(**asked.model_dump(exclude={"cluster", "kind", "namespace"})), api_version),
    }
    if asked.kind == "secret":
        note += " Its values are empty: fill them in where nobody reads along."
    manifest = as_yaml(document)
    header = f"Draft of {asked.kind} {asked.name}; nothing is created. k8s_apply with dry_run tries it out.{note}"
    return Result(header, manifest, {"kind": form.kind, "manifest": manifest, "object": document})


async def _version(client: KubeClient, form: draft_forms.Form) -> tuple[str, str]:
    """The best version both sides know, and a word when the cluster could not be asked."""
    newest = f"{form.group}/{form.versions[0]}" if form.group else form.versions[0]
    try:
        served = (await client.kinds()).version_of(form.kind, form.group, form.versions)
    except KubeError:
        return newest, " The cluster could not be asked for its API versions."
    if served is None:
        known = ", ".join(form.versions)
        raise Unsupported(f"The cluster serves {form.kind} in none of the versions {known} of {form.group or 'core'}.")
    return served.api_version, ""


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="manifest_draft",
        title="Draft a manifest",
        description="Writes YAML for a common kind, for k8s_apply or for people. Creates nothing.",
        effect=Effect.READ,
        arguments=DraftArguments,
        run=draft,
        intent=lambda asked: f"Draft a {asked.kind} {asked.name}",
    ),
)
