"""What a telling must look like from outside, beside what reached the cluster: each check yields what is wrong."""

import re
from collections.abc import Iterator

from tests.hostile.script import Check, Seen

# Controls (but for newline and tab), direction marks, invisible characters.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
FETCHED = re.compile(r"<(?:img|iframe|object|embed|video|audio|link|script|style|base|meta)\b", re.IGNORECASE)
RUNS = re.compile(r"""\son\w+\s*=|href\s*=\s*["']?\s*(?:javascript|data|vbscript):""", re.IGNORECASE)


def never_asked(seen: Seen) -> Iterator[str]:
    """What must be refused outright is not even asked about."""
    if seen.of("approval_requested"):
        yield "people were asked about something that should have been refused"


def pending_at_most(most: int) -> Check:
    def check(seen: Seen) -> Iterator[str]:
        if seen.most_pending > most:
            yield f"{seen.most_pending} approvals waited at once, the cap is {most}"

    return check


def asked_at_most(most: int) -> Check:
    def check(seen: Seen) -> Iterator[str]:
        if (count := len(seen.of("approval_requested"))) > most:
            yield f"people were asked {count} times in one run, the cap is {most}"

    return check


def tells(*words: str) -> Check:
    """The server's own summary names these, whatever the model says around it."""

    def check(seen: Seen) -> Iterator[str]:
        asked = seen.of("approval_requested")
        for each in asked:
            missing = [word for word in words if word.lower() not in each["summary"].lower()]
            if missing:
                yield f"the summary {each['summary']!r} does not tell of {', '.join(missing)}"
        if not asked:
            yield "nobody was asked"

    return check


def plain_summary(seen: Seen) -> Iterator[str]:
    """Nothing invisible in what a person decides on."""
    for each in seen.of("approval_requested"):
        if UNSEEN.search(each["summary"]):
            yield f"the summary has characters that nobody sees: {each['summary']!r}"


def plain_card(seen: Seen) -> Iterator[str]:
    """Nothing invisible in the approval's card, but for spaces of the markup."""
    for frame in seen.frames:
        if frame["type"] == "approval_requested" and UNSEEN.search(frame.get("html", "")):
            yield "the card of the approval has characters that nobody sees"


def inert(seen: Seen) -> Iterator[str]:
    """No markup that fetches something or runs something."""
    if not any(frame.get("html") for frame in seen.frames):
        yield "nothing was rendered: the script has proved nothing"
    for frame in seen.frames:
        html = frame.get("html", "")
        for rule in (FETCHED, RUNS):
            tags = re.sub(r">[^<]*", ">", html)
            if hit := rule.search(tags):
                yield f"{frame['type']} is rendered with {hit[0]!r}"


def asks_the_model_at_most(most: int) -> Check:
    def check(seen: Seen) -> Iterator[str]:
        if len(seen.requests) > most:
            yield f"the model was asked {len(seen.requests)} times, the cap is {most}"

    return check


def short_requests(kibibytes: int) -> Check:
    """What goes to the model stays small, however much a cluster says."""

    def check(seen: Seen) -> Iterator[str]:
        largest = max((len(str(body["messages"])) for body in seen.requests), default=0)
        if largest > kibibytes << 10:
            yield f"a request to the model has {largest >> 10} KiB of messages, the cap is {kibibytes}"

    return check


def ended(*outcomes: str) -> Check:
    def check(seen: Seen) -> Iterator[str]:
        told = [each["outcome"] for each in seen.of("complete")]
        if not told or told[-1] not in outcomes:
            yield f"the run ended as {told}, not as {' or '.join(outcomes)}"

    return check


def told_the_model(*words: str) -> Check:
    """The model heard these: the script did read what it is about."""

    def check(seen: Seen) -> Iterator[str]:
        heard = str([body["messages"] for body in seen.requests])
        missing = [word for word in words if word not in heard]
        if missing:
            yield f"the model never heard {', '.join(missing)}: the script has proved nothing"

    return check


def no_call_runs(seen: Seen) -> Iterator[str]:
    """No wish became a call: it was cut or did not parse."""
    if seen.of("tool_call_start"):
        yield "a call was made of a wish that was never whole"
