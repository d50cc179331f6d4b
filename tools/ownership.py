"""Who else has a hand in an object, told from its labels, annotations and owners, and what that means. Pure."""

from collections.abc import Mapping
from typing import Any

_ARGO = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
_FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_BUILT_IN = ("ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Node")


def owners(found: Mapping[str, Any]) -> list[str]:
    """A sentence for each."""
    meta = found.get("metadata") or {}
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    told = [_argo(labels, notes), _flux(labels), _helm(labels, notes)]
    told += [_controller(ref) for ref in meta.get("ownerReferences") or [] if ref.get("controller")]
    return [sentence for sentence in told if sentence]


def _argo(labels: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
    named = next((str(place[key]) for key in _ARGO for place in (notes, labels) if place.get(key)), "")
    if not named:
        return ""
    application = named.partition(":")[0]
    return f'Argo CD keeps this as part of the application "{application}": it may put it back to what is in Git.'


def _flux(labels: Mapping[str, Any]) -> str:
    named = next((str(labels[key]) for key in _FLUX if labels.get(key)), "")
    return f'Flux keeps this as part of "{named}": it will put it back to what is in Git.' if named else ""


def _helm(labels: Mapping[str, Any], notes: Mapping[str, Any]) -> str:
    release = str(notes.get("meta.helm.sh/release-name") or "")
    if not release and labels.get("app.kubernetes.io/managed-by") != "Helm":
        return ""
    named = f'the release "{release}"' if release else "a release"
    return f"Helm installed this with {named}: the next upgrade may overwrite the change."


def _controller(ref: Mapping[str, Any]) -> str:
    kind, name = str(ref.get("kind") or "controller"), str(ref.get("name") or "")
    if kind in _BUILT_IN:
        return f"{kind} {name} controls this: it may put it back, or make it anew."
    return f"An operator controls this through {kind} {name}: it may put it back to what that says."
