"""What the model is told to say in the rig: thinking, words, a read, a change that is approved and one that is not."""

import json
import random
import re
from pathlib import Path
from typing import Any

RATE = 60  # events a second of the model
Story = dict[str, Any]


def whole(number: int) -> Story:
    """Has every event type that a run without a fault has."""
    yes, no = names(number)
    return {
        "when": rf"\btale {number}\b",
        "rounds": [
            {"rate": RATE, "blocks": [
                {"think": "Let me think about it first.", "chunks": 4},
                {"text": "I will look at the pods. ", "chunks": 6},
                {"tool": "k8s_list", "input": {"kind": "pods", "namespace": "shop"}, "chunks": 2},
            ]},
            {"rate": RATE, "blocks": [
                {"text": "Now the change. ", "chunks": 4},
                {"tool": "namespace_create", "input": {"name": yes}, "chunks": 2},
            ]},
            {"rate": RATE, "blocks": [{"tool": "namespace_create", "input": {"name": no}, "chunks": 2}]},
            {"rate": RATE, "blocks": [{"text": f"That was tale {number}. " * 10, "chunks": 30}]},
        ],
    }  # fmt: skip


def chatter(number: int, chance: random.Random) -> Story:
    """Words only, now and then after a read: much to stream, nothing to decide."""
    words = "".join(f"w{number}.{n} " for n in range(chance.randint(20, 120)))
    last = {"rate": chance.choice((30, 60, 120)), "blocks": [{"text": words, "chunks": chance.randint(10, 60)}]}
    look = {"rate": RATE, "blocks": [
        {"think": "Looking.", "chunks": 2},
        {"tool": "k8s_list", "input": {"kind": "pods", "namespace": "shop"}, "chunks": 2},
    ]}  # fmt: skip
    return {"when": rf"\btale {number}\b", "rounds": [look, last] if chance.random() < 0.4 else [last]}


def names(number: int) -> tuple[str, str]:
    """Of the namespaces in a whole story: the one that people allow, and the one that they refuse."""
    return f"tale-{number}-yes", f"tale-{number}-no"


def allowed(arguments: dict[str, Any]) -> bool:
    return not re.search(r"-no$", str(arguments.get("name", "")))


def write(path: Path, stories: list[Story]) -> Path:
    path.write_text(json.dumps({"stories": stories, "echo": {"chunks": 5, "rate": RATE}}))
    return path
