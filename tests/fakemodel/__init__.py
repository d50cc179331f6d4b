"""A fake Messages API server: real HTTP, scripted answers, and every fault a model's endpoint can have.

In a test:   async with FakeModel(script) as fake: … fake.url, fake.requests
By itself:   python -m tests.fakemodel --port 8100 --script story.json      (port 0: any; the address is its first line)
             python -m tests.fakemodel --chunks 100 --rate 50 --tool k8s_list --arguments '{"kind": "pods"}'

Without a script it echoes: an answer of N chunks at R chunks a second (`--chunks`, `--rate`), after one tool call when
`--tool` is given, after thinking with `--think`. A person's words may say it too: "chunks=200 rate=100 think=1
tool=k8s_list arguments={"kind": "pods"}" (arguments last). With "stamp=1" each chunk tells when it left: "[t=…]", in
nanoseconds of the machine's monotonic clock.

It takes `POST /v1/messages` with `Authorization: Bearer` or `X-Api-Key` (`--key`: only this one), keeps every request,
and shows them at `GET /requests` (`--journal FILE` also writes each as a line of JSON):
`{"credential": "bearer" | "x-api-key" | null, "key", "headers", "body"}`.

THE SCRIPT is one JSON object. What answers a request is chosen thus:
    "requests": [reply…]   by arrival: the n-th request gets the n-th reply; when they are used up, what follows below
    "stories":  [{"when": regex, "rounds": [reply…]}…]   the first found in the person's last words, and in it the
                           round after as many tool rounds as the transcript has since then (the last one repeats)
    "rounds":   [reply…]   the same with one story for everything
    neither                the echo, with "echo": {"chunks", "rate", "tool", "arguments", "think"}
    "refuse": [field…]     in any case: 400 for a request in whose body this field occurs, however deep

A REPLY is either an HTTP error
    {"status": 529, "headers"?: {…}, "body"?: {…} or text, "error"?: [type, message]}
or a stream
    {"blocks": [block…], "stop_reason"?, "usage"?: {…}, "rate"?: events a second (else at once), "cut"?: cut,
     "pause"?: seconds before it, "drip"?: [bytes, seconds], "content_type"?,
     "insert"?: [{"before": kind, "nth"?: 1, "event": {…} or raw text}]}
    {"raw": "event: …", the other keys the same}           the bytes of the body as they are

A BLOCK: {"text": words, "chunks"?: n} · {"think": words, "signature"?, "chunks"?} · {"tool": name, "id"?,
"input"?: {…} or "raw_input"?: text, "chunks"?: n, "whole"?: true (arguments with the block's start, no deltas)} ·
{"events": [{…}…]} as they are.
The stop reason is `tool_use` when there is a tool block, else `end_turn`.

A CUT: {"before": kind, "nth"?: 1, "how": how} or {"bytes": offset in the body, "how": how}; a kind is an event's type,
or a delta's (`text_delta`, `input_json_delta`…). How:
    "close"   the body ends cleanly, too early         "break"   the connection ends inside the body
    "reset"   TCP reset                                "stall"   silence until the client leaves
    "pings"   only pings until the client leaves       "error"   an error event ("error": [type, message])
"""

from tests.fakemodel.server import FakeModel

__all__ = ["FakeModel"]
