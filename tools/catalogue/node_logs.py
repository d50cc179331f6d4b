"""Reads logs of a node through its kubelet: of a service such as the kubelet itself, or files of its log directory.

For the one a kubelet runs a command, for the other it follows links that pods can plant, so this counts as running
something in the cluster. No pattern is handed on to that command: words are looked for here.
"""

import html
import re
from datetime import UTC
from typing import TypeAlias

from pydantic import Field

from tools import logtext
from tools.catalogue.finding import exact
from tools.catalogue.logs import when
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import (
    Ambiguous,
    BadAnswer,
    BadInput,
    Busy,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    Unsupported,
)
from tools.kube.failures import failure, said, shorten
from tools.kube.resources import Target
from tools.kube.sending import Sending
from tools.kube.together import beside
from tools.kube.transport import Answer, Request
from tools.logtext import Line
from tools.rendering import counted, some_of
from tools.spec import Arguments, Result, Tool

_LARGEST = 4 << 20
_SECONDS = 20.0
_SCANNED_LINES = 5000
_MOST_NAMES = 500
_LOOK = 4 << 10  # bytes at the beginning that say what an answer is
_LONGEST_FILE = 300
_OF_PODS = ("pods", "containers")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._:-]{0,99}")
_FILE = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.:@~-]*/)*([A-Za-z0-9_][A-Za-z0-9_.:@~-]*)?")
_NAME = re.compile(r'<a href="[^"]*">([^<]*)</a>')
_REST = re.compile(r"bytes (\d+)-\d+/(\d+)")
# What a kubelet writes where the log should be.
_TO_A_FILE, _NO_LOG = "options present and query resolved to log files", ("log not found for", "error: journal output")

Lines: TypeAlias = tuple[list[Line], int, int]


class NodeLogsArguments(Arguments):
    node: str = Field(min_length=1)
    service: str | None = Field(None, description="kubelet, containerd. Without service and file: lists the files.")
    file: str | None = Field(None, description="As listed: kern.log; audit/ lists that directory.")
    tail: int = Field(100, ge=1, le=2000)
    since: str | None = Field(None, description="Of a service: 15m, 2h, or a time.")
    match: str | None = Field(None, description="Only lines with these words; | for either. No regular expressions.")
    exclude: str | None = Field(None, description="Without lines with these words; | for either.")

    @property
    def lists(self) -> bool:
        return not self.service and (not self.file or self.file.endswith("/"))

    @property
    def what(self) -> str:
        return f"{self.service or self.file} on node {self.node}"


async def read_node_logs(client: KubeClient, asked: NodeLogsArguments) -> Result:
    """data: {"node", "service": str|null, "file": str|null, "lines": [str, ...], "scanned": int, "cut": bool}, or of a
    directory {"node", "directory", "names": [str, ...], "total": int}. A line seen n times in a row ends in "(×n)"."""
    query = _query(client, asked)
    target = await exact(client, "v1/nodes", asked.node, None)
    await read(client, target)
    answer = await _answer(client, _request(target, asked, query), asked)
    if asked.lists:
        return _listing(answer, asked)
    _check(answer, asked)
    folded, scanned, kept = await beside(lambda: _lines(answer, asked))
    lines = [line.text for line in folded]
    data = {
        "node": asked.node,
        "service": asked.service,
        "file": asked.file,
        "lines": lines,
        "scanned": scanned,
        "cut": answer.cut or _left_out(answer) is not None,
    }
    return Result(_header(answer, asked, scanned, kept, kept - len(lines)), "\n".join(lines), data)


# ---- the question ------------------------------------------------------------------------------------------------


def _query(client: KubeClient, asked: NodeLogsArguments) -> dict[str, str]:
    """Raises BadInput. The same at every try: a time is counted from when the call was asked for."""
    if asked.service is not None and asked.file is not None:
        raise BadInput("A node's log is that of a service or a file: name one of them.")
    if asked.since and asked.service is None:
        raise BadInput("since goes with service: a file is read from its end.")
    if asked.file is not None and not _is_file(asked.file):
        raise BadInput(f"{asked.file[:60]!r} is not a file or directory as a node lists them: kern.log, audit/.")
    if asked.file is not None and asked.file.partition("/")[0] in _OF_PODS:
        raise BadInput("Logs of pods are read with k8s_logs, under the rules of their namespace.")
    if asked.service is None:
        return {}
    if not _SERVICE.fullmatch(asked.service):
        raise BadInput(f"{asked.service[:60]!r} is not a name a service can have: letters, digits, '-' and '.' only.")
    many = bool(asked.match or asked.exclude)
    query = {"query": asked.service, "tailLines": str(_SCANNED_LINES if many else asked.tail)}
    since = when(asked.since, client.permit.moment if client.permit else None)
    return query | ({"sinceTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"} if since else {})


def _is_file(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_FILE and ".." not in name and _FILE.fullmatch(name) is not None


def _request(target: Target, asked: NodeLogsArguments, query: dict[str, str]) -> Request:
    return Request(
        "GET",
        target.path(f"proxy/logs/{asked.file or ''}"),
        query,
        accept="*/*",
        seconds=_SECONDS,
        largest=_LARGEST,
        cut_at_largest=True,
        last=_LARGEST if asked.file and not asked.lists else 0,
        sending=Sending("run", target.path(), target.words),
    )


# ---- what a kubelet cannot ---------------------------------------------------------------------------------------


async def _answer(client: KubeClient, request: Request, asked: NodeLogsArguments) -> Answer:
    client.wrote = True
    try:
        answer = await client.transport.send(request, client.permit)
    except Ambiguous:
        raise Ambiguous(
            f"The answer of the kubelet of {asked.node} did not come to its end. Look at the node, or ask for less."
        ) from None
    if answer.status >= 300:
        raise _refused(client, request, answer, asked)
    return answer


def _refused(client: KubeClient, request: Request, answer: Answer, asked: NodeLogsArguments) -> KubeError:
    own, code = said(answer), answer.status
    if own and code >= 500 and code != 504:
        return Busy(f"The API server does not reach the kubelet of {asked.node}: {own.rstrip('.')}. Look at the node.")
    if own or code >= 500:
        return failure(client.cluster, request, answer)
    words = shorten(answer.body[:_LOOK].decode("utf-8", "replace")).rstrip(".")
    if code < 400:
        return BadInput(f"{asked.file} is a directory: write {asked.file}/ to list it.")
    if code in (401, 403):
        return Forbidden(f"The kubelet of {asked.node} does not let the API server read its logs ({words}).")
    if code == 404 and asked.file:
        return NotFound(f'There is no log "{asked.file}" on node {asked.node}. Leave file out to see what there is.')
    if code in (404, 405):
        return Unsupported(f"The kubelet of {asked.node} serves no logs: enableSystemLogHandler is off there.")
    return Invalid(f"The kubelet of {asked.node} refuses this: {words or f'HTTP {code}'}.")


def _check(answer: Answer, asked: NodeLogsArguments) -> None:
    """Raises KubeError when the answer is not the log that was asked for."""
    words = answer.body[:_LOOK].decode("utf-8", "replace").strip()
    if asked.file and b"\x00" in answer.body[:_LOOK]:
        raise BadInput(f"{asked.what} is no text, so it cannot be shown.")
    if asked.service and _is_listing(answer):
        raise Unsupported(
            f"The kubelet of {asked.node} knows no log queries (NodeLogQuery is off, or it is older than 1.27). "
            "Leave service out to list its log files, and name one in file."
        )
    if asked.service and words.startswith(_TO_A_FILE):
        raise BadInput(f"{asked.service} writes its log to a file. Leave service out to list files, and name it.")
    if asked.service and words.startswith(_NO_LOG):
        raise NotFound(f"Node {asked.node} has no log of {asked.service}. Leave service out to list its log files.")


# ---- the answer --------------------------------------------------------------------------------------------------


def _is_listing(answer: Answer) -> bool:
    kind = next((value for key, value in answer.headers.items() if key.lower() == "content-type"), "")
    return kind.startswith("text/html") and b"<pre>" in answer.body[:_LOOK]


def _listing(answer: Answer, asked: NodeLogsArguments) -> Result:
    """The names alone: the API server rewrites where the links lead."""
    if not _is_listing(answer):
        raise BadAnswer(f"The kubelet of {asked.node} does not list its log files.")
    text = answer.body[: 1 << 20].decode("utf-8", "replace")
    names = [html.unescape(name) for name in _NAME.findall(text)]
    where = f" in {asked.file}" if asked.file else ""
    shown = names[:_MOST_NAMES]
    words = some_of(len(shown), len(names), "log file or directory", "log files and directories")
    data = {"node": asked.node, "directory": asked.file or "", "names": shown, "total": len(names)}
    return Result(f"{words}{where} on node {asked.node}.", "\n".join(shown), data)


def _lines(answer: Answer, asked: NodeLogsArguments) -> Lines:
    """Folded; how many there were; how many were kept before they were folded. A line in halves is left out."""
    body = answer.body
    if _left_out(answer) is not None and b"\n" in body:
        body = body.partition(b"\n")[2]
    if answer.cut and b"\n" in body:
        body = body.rpartition(b"\n")[0]
    found = [Line("", text) for text in logtext.lines(body)]
    kept = logtext.chosen(found, asked.match, asked.exclude)[-asked.tail :]
    return logtext.told(kept), len(found), len(kept)


def _left_out(answer: Answer) -> int | None:
    """How large a file is of which only the end came."""
    told = next((value for key, value in answer.headers.items() if key.lower() == "content-range"), "")
    found = _REST.fullmatch(told) if answer.status == 206 else None
    return int(found[2]) if found and int(found[1]) > 0 else None


def _header(answer: Answer, asked: NodeLogsArguments, scanned: int, kept: int, folded: int) -> str:
    words = f"{counted(kept, 'line')} of the log of {asked.what}"
    if asked.match or asked.exclude:
        words = f"{kept:,} of {counted(scanned, 'scanned line')} match in the log of {asked.what}"
    if folded > 0:
        words += f", {folded} of them folded"
    if (whole := _left_out(answer)) is not None:
        words += f"; its last {_size(len(answer.body))} of {_size(whole)} read"
    if answer.cut:
        words += f"; cut at {_size(_LARGEST)}, so the newest are missing"
    return f"{words}." + ("" if scanned else " The log is empty.")


def _size(count: int) -> str:
    return counted(count, "byte") if count < 1 << 20 else f"{count >> 20} MiB"


def _intent(asked: NodeLogsArguments) -> str:
    return f"List log files of node {asked.node}" if asked.lists else f"Read the log of {asked.what}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="node_logs",
        title="Read node logs",
        description="Logs of a node: of a service (kubelet, containerd), of a file, or the list of files.",
        effect=Effect.EXECUTE,
        arguments=NodeLogsArguments,
        run=read_node_logs,
        intent=_intent,
    ),
)
