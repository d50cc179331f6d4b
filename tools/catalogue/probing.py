"""Asks a Service or a pod over HTTP, through the API server's proxy: status, headers and the beginning of the answer.

What is asked may act on it, whatever the method says, so a probe counts as running something in the cluster.
"""

from typing import Literal
from urllib.parse import parse_qsl

from pydantic import Field

from tools import redaction
from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import BadInput
from tools.kube.failures import failure, is_status
from tools.kube.resources import Target
from tools.kube.sending import Sending
from tools.kube.transport import Answer, Request
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

_LARGEST_BODY = 2 << 10
_SECONDS = 15.0
_NOT_TOLD = ("connection", "keep-alive", "transfer-encoding", "audit-id", "date", "cache-control")
_MOST_HEADERS = 30


class ProbeArguments(Arguments):
    kind: Literal["service", "pod"] = "service"
    name: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    port: str = Field(description="Number, or a Service's port name.", pattern=r"^[a-z0-9-]{1,63}$")
    path: str = Field("/", pattern=r"^/", max_length=1000)
    method: Literal["GET", "HEAD"] = "GET"
    https: bool = False


async def probe(client: KubeClient, asked: ProbeArguments) -> Result:
    """data: {"kind", "name", "namespace", "url", "status": int, "headers": {str: str}, "body": str, "cut": bool}."""
    target = await exact(client, f"v1/{asked.kind}s", asked.name, asked.namespace)
    await read(client, target)
    request = _request(target, asked)
    client.wrote = True
    answer = await client.transport.send(request, client.permit)
    if answer.status >= 300 and is_status(answer):
        raise failure(client.cluster, request, answer)
    body = _text(answer)
    headers = dict(list(_headers(answer).items())[:_MOST_HEADERS])
    size = f"{counted(len(answer.body), 'byte')} of the body" + (", the rest is cut" if answer.cut else "")
    url = f"{'https' if asked.https else 'http'}://{asked.name}.{asked.namespace}:{asked.port}{asked.path}"
    data = {
        "kind": asked.kind,
        "name": asked.name,
        "namespace": asked.namespace,
        "url": url,
        "status": answer.status,
        "headers": headers,
        "body": body,
        "cut": answer.cut,
    }
    told = "\n".join(f"{name}: {value}" for name, value in headers.items())
    return Result(f"{asked.method} {url} answered {answer.status}; {size}.", f"{told}\n\n{body}".strip(), data)


def _request(target: Target, asked: ProbeArguments) -> Request:
    """Raises BadInput for a path that could be read in two ways."""
    path, _, query = asked.path.partition("?")
    if "//" in path or {".", ".."} & set(path.split("/")):
        raise BadInput(f"{asked.path[:80]!r} is not a path that can be asked for: no empty parts, no dots alone.")
    place = target.resource.path(target.namespace)
    name = f"{'https:' if asked.https else 'http:'}{target.name}:{asked.port}"
    return Request(
        asked.method,
        f"{place}/{name}/proxy{path}",
        dict(parse_qsl(query, keep_blank_values=True)),
        accept="*/*",
        seconds=_SECONDS,
        largest=_LARGEST_BODY,
        cut_at_largest=True,
        sending=Sending("run", target.path(), target.words),
    )


def _headers(answer: Answer) -> dict[str, str]:
    """Of cookies only the names."""
    told = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _NOT_TOLD}
    if "set-cookie" in told:
        told["set-cookie"] = told["set-cookie"].partition("=")[0] + "=…"
    return told


def _text(answer: Answer) -> str:
    """Of a body that was cut, without an end that may be the beginning of something secret."""
    try:
        text = answer.body.decode("utf-8", "ignore" if answer.cut else "strict")
    except UnicodeDecodeError:
        return f"({counted(len(answer.body), 'byte')} that are no text)"
    if "\x00" in text:
        return f"({counted(len(answer.body), 'byte')} that are no text)"
    return redaction.Filter().feed(text) if answer.cut else text


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="http_probe",
        title="Probe over HTTP",
        description="Asks a Service or pod over HTTP from inside the cluster: status, headers, first 2 KB.",
        effect=Effect.EXECUTE,
        arguments=ProbeArguments,
        run=probe,
        intent=lambda asked: f"{asked.method} {asked.path} of {asked.name}:{asked.port} in {asked.namespace}",
    ),
)
