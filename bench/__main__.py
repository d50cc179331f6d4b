"""`make bench`: every benchmark, or those named; one JSON object a line on standard output.

python -m bench [first_frame] [ten_chats] …
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench import (
    audit_verify,
    chats,
    coming_back,
    diagnose,
    disconnects,
    first_frame,
    idle_sockets,
    listing,
    long_conversation,
    redaction,
    tokens,
    watchers,
)

BENCHMARKS: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
    "first_frame": first_frame.measure,
    "ten_chats": chats.ten,
    "fifty_chats": chats.fifty,
    "two_hundred_chats": chats.two_hundred,
    "watchers": watchers.measure,
    "idle_sockets": idle_sockets.measure,
    "coming_back": coming_back.measure,
    "long_conversation": long_conversation.measure,
    "diagnose": diagnose.measure,
    "disconnects": disconnects.measure,
    "audit_verify": audit_verify.measure,
    "redaction": redaction.measure,
    "tokens": tokens.measure,
    "listing": listing.measure,
}


def main(names: list[str]) -> None:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: choose from {', '.join(BENCHMARKS)}.")
    for name in names or BENCHMARKS:
        print(json.dumps({"benchmark": name, **uvloop.run(BENCHMARKS[name]())}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
