"""What people and the model do in the stories that are cut short: plain data."""

from dataclasses import dataclass
from typing import Any

Step = dict[str, Any]
ASKS: Step = {"asks": 900, "most": 100}
COUNTED: Step = {"counted": {"input_tokens": 300, "output_tokens": 20}}
READ = {"wish": "k8s_get", "arguments": {"kind": "namespaces", "name": "default"}}


def making(name: str) -> Step:
    return {"wish": "namespace_create", "arguments": {"name": name}}


@dataclass(frozen=True)
class Story:
    """`rounds`: what the model does on every message, `NAME` standing for a name of this telling; `messages`: sent one
    right after the other; `decision`: what people say when asked; `stop_at`: the event that makes them stop the run it
    is of; `steered`: which of the messages are steered into the run before them, ahead of any decision; `then`: what
    the model does once it hears them; `outcome`: of the first run, when nothing goes wrong."""

    name: str
    rounds: list[list[Step]]
    messages: tuple[str, ...] = ("go",)
    decision: str = ""
    stop_at: str = ""
    steered: tuple[int, ...] = ()
    then: Step | None = None
    outcome: str = "done"


STORIES = (
    Story("text", [[{"think": "hm", "signature": "s"}, {"say": "One. Two.", "chunks": 2}]]),
    Story("read", [[{"say": "Let me look."}, READ], [{"say": "Seen."}]]),
    Story("change approved", [[making("NAME")], [{"say": "Made."}]], decision="approve"),
    Story("change rejected", [[making("NAME")], [{"say": "Then not."}]], decision="reject"),
    Story(
        "two reads and a change",
        [[{"say": "Looking."}, READ, READ, making("NAME")], [{"say": "Made."}]],
        decision="approve",
    ),
    Story("two changes", [[making("NAME-a"), making("NAME-b")], [{"say": "Made."}]], decision="approve"),
    Story("change after change", [[making("NAME-a")], [making("NAME-b")], [{"say": "Made."}]], decision="approve"),
    Story("stopped while it speaks", [[{"say": "One."}, {"wait": "/nowhere"}]], stop_at="text_end", outcome="stopped"),
    Story("stopped while it waits", [[making("NAME")], [{"say": "Never."}]], stop_at="approval_requested",
          outcome="stopped"),
    Story("queue", [[{"say": "Yes: {words}"}]], messages=("first", "second", "third")),
    Story(
        "steered", [[{"say": "I make it."}, making("NAME")], [{"say": "Never."}]],
        messages=("go", "and mind the quota"), decision="approve", steered=(1,),
        then={"when": "quota$", "rounds": [[READ], [{"say": "Made, and heard."}]]},
    ),
    Story("cut and said again", [[{"say": "Half"}, {"interrupt": "Cut."}, {"say": "Whole"}, READ], [{"say": "Ok."}]]),
    Story(
        "paid for", [[ASKS, {"say": "Let me look."}, READ], [ASKS, COUNTED, {"say": "Seen."}]],
    ),
    Story(
        "paid for, cut and said again",
        [[ASKS, COUNTED, {"say": "Half"}, {"interrupt": "Cut."}, ASKS, {"say": "Whole"}]],
    ),
    Story("paid for and stopped", [[ASKS, COUNTED, {"say": "One."}, {"wait": "/nowhere"}]], stop_at="text_end",
          outcome="stopped"),
    Story("failure", [[{"say": "So far"}, {"fail": "The model is away.", "code": "away"}]], outcome="failed"),
)  # fmt: skip
