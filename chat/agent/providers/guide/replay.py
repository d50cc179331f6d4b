"""Runs a plan against what the transcript already answers: a plan is plain code, nothing is kept between rounds."""

import json
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace

from chat.agent.providers.guide.steps import Call, Found, Plan, Reply, Round

NOT_OFFERED = "The tool {} is not offered here."


def replay(plan: Plan, answered: Iterable[tuple[Call, Found]], offered: frozenset[str]) -> Round | Reply:
    """The plan's next round, with only the calls that have no answer yet, or its reply.

    An answer belongs to a call by tool and arguments; the same call made again gets the next answer. Calls of tools
    that are not offered are answered on the spot.
    """
    known: dict[str, deque[Found]] = defaultdict(deque)
    for call, found in answered:
        known[_key(call)].append(found)
    try:
        step = next(plan)
        while True:
            answers = [_answer(call, known, offered) for call in step.calls]
            missing = tuple(call for call, answer in zip(step.calls, answers, strict=True) if answer is None)
            if missing:
                return replace(step, calls=missing)
            step = plan.send(tuple(answer for answer in answers if answer is not None))
    except StopIteration as end:
        reply: Reply = end.value
        return reply


def _answer(call: Call, known: dict[str, deque[Found]], offered: frozenset[str]) -> Found | None:
    waiting = known[_key(call)]
    if waiting:
        return waiting.popleft()
    if call.tool not in offered:
        return Found(NOT_OFFERED.format(call.tool), failed=True, missing=True)
    return None


def _key(call: Call) -> str:
    return f"{call.tool} {json.dumps(call.arguments, sort_keys=True, default=str)}"
