"""Inspects Secrets without telling a value: keys, sizes, fingerprints, and when their certificates run out."""

from datetime import UTC, datetime

from pydantic import Field

from tools.catalogue.everywhere import read_where_allowed
from tools.catalogue.finding import locate, with_hint
from tools.effects import Effect
from tools.kube import secrets
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import NotFound
from tools.kube.paging import Collected, Form, collected
from tools.kube.resources import valid_namespace
from tools.kube.secrets import Certificate, Entry, Inspected, SecretsAnswer
from tools.rendering import age, counted, duration, table
from tools.spec import Arguments, Result, Tool

_SOON = 30  # days
_MOST_SHOWN = 50


class InspectArguments(Arguments):
    name: str | None = Field(None, description="Left out: the certificates of all TLS Secrets, soonest expiry first.")
    namespace: str | None = Field(None, description="Left out: found by name; all namespaces.")


async def inspect(client: KubeClient, asked: InspectArguments) -> Result:
    """data: {"namespace", "name", "type", "created", "immutable": bool, "key_fits": bool|null, "entries": [{"key",
    "size": int, "fingerprint", "what", "registries", "certificates": [{"subject", "issuer", "names", "not_before",
    "not_after", "days_left": int, "authority": bool}]}]}; without a name {"certificates": [the same with "namespace",
    "secret"], "total": int}."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    return await (_one(client, asked.name, asked.namespace) if asked.name else _expiries(client, asked.namespace))


async def _one(client: KubeClient, name: str, namespace: str | None) -> Result:
    target = await locate(client, "v1/secrets", name, namespace)
    try:
        found = await secrets.inspect(client, target)
    except NotFound as fault:
        raise await with_hint(client, target, fault) from None
    facts = [_fact(entry) for entry in found.entries]
    rows = [[e.key, e.size, e.fingerprint or "-", _told(e)] for e in found.entries]
    lines = [table(["KEY", "BYTES", "FINGERPRINT", "WHAT"], rows)] if rows else []
    lines += [f"{e.key}: {_words(c)}" for e in found.entries for c in e.certificates]
    if found.key_fits is not None:
        lines.append("tls.key belongs to tls.crt." if found.key_fits else "tls.key does NOT belong to tls.crt.")
    header = f"{target.words[:1].upper()}{target.words[1:]} ({found.type}): {counted(len(facts), 'key')}"
    header += f", created {age(found.created)} ago" if found.created else ""
    data = {
        "namespace": found.namespace,
        "name": found.name,
        "type": found.type,
        "created": found.created,
        "immutable": found.immutable,
        "key_fits": found.key_fits,
        "entries": facts,
    }
    return Result(f"{header}{', immutable' if found.immutable else ''}. No value is shown.", "\n".join(lines), data)


async def _expiries(client: KubeClient, namespace: str | None) -> Result:
    resource = await client.resolve("v1/secrets")
    form = Form(SecretsAnswer, lambda page: secrets.inspected(client, page.items or []))

    async def read(where: str | None) -> Collected[Inspected]:
        return await collected(client, resource, Selection(where, fields="type=kubernetes.io/tls"), form)

    everywhere = await read_where_allowed(client, resource, namespace, read)
    found = [each for part in everywhere.found for each in part.items]
    facts = [_certified(each, entry) for each in found for entry in each.entries if entry.certificates]
    facts.sort(key=lambda fact: str(fact["not_after"]))
    rows = [
        [fact["namespace"], fact["secret"], fact["expires"], ",".join(fact["names"]) or fact["subject"], fact["issuer"]]
        for fact in facts[:_MOST_SHOWN]
    ]
    soon = sum(1 for fact in facts if fact["days_left"] < _SOON)
    header = f"{counted(len(facts), 'certificate')} in {counted(len(found), 'TLS Secret')}{resource.place(namespace)}"
    header += f", {soon or 'none'} of them with less than {_SOON} days left." if facts else "."
    if len(facts) > _MOST_SHOWN:
        header += f" The first {_MOST_SHOWN} are shown."
    body = table(["NAMESPACE", "SECRET", "EXPIRES", "FOR", "ISSUER"], rows) if rows else ""
    data = {"certificates": facts[:_MOST_SHOWN], "total": len(facts)}
    return Result(header + everywhere.sentence, body, data)


def _certified(found: Inspected, entry: Entry) -> Object:
    first = entry.certificates[0]
    return {"namespace": found.namespace, "secret": found.name, "expires": _expires(first), **_certificate(first)}


def _fact(entry: Entry) -> Object:
    return {
        "key": entry.key,
        "size": entry.size,
        "fingerprint": entry.fingerprint,
        "what": entry.what,
        "registries": list(entry.registries),
        "certificates": [_certificate(each) for each in entry.certificates],
    }


def _certificate(found: Certificate) -> Object:
    return {
        "subject": found.subject,
        "issuer": found.issuer,
        "names": list(found.names),
        "not_before": found.not_before.isoformat(),
        "not_after": found.not_after.isoformat(),
        "days_left": (found.not_after - datetime.now(UTC)).days,
        "authority": found.is_authority,
    }


def _told(entry: Entry) -> str:
    return f"pulls from {', '.join(entry.registries)}" if entry.registries else entry.what or "empty"


def _words(found: Certificate) -> str:
    role = " (authority)" if found.is_authority else ""
    names = f" for {', '.join(found.names)}" if found.names else ""
    return f"{found.subject}{role}{names}, {_expires(found)}, issued by {found.issuer}"


def _expires(found: Certificate) -> str:
    left = (found.not_after - datetime.now(UTC)).total_seconds()
    day = f"{found.not_after:%Y-%m-%d}"
    return f"EXPIRED {duration(-left)} ago ({day})" if left < 0 else f"in {duration(left)} ({day})"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="secret_inspect",
        title="Inspect a Secret",
        description="Keys, sizes, fingerprints and certificate expiry of a Secret, never a value; or all TLS expiries.",
        effect=Effect.SENSITIVE,
        arguments=InspectArguments,
        run=inspect,
        intent=lambda asked: f"Inspect Secret {asked.name}" if asked.name else "See when certificates expire",
    ),
)
