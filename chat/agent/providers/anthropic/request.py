"""From our request to the body of a Messages API call: pure, and always the same bytes, for caches live on that."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import orjson

from chat.agent import compaction, deferral, diet
from chat.agent.ports import Answer, Block, Memo, Request, Text, Thinking, ToolOffer, Turn, Wish
from chat.agent.prompt.compose import constant_part, setting_part

Body: TypeAlias = dict[str, Any]
CACHE = {"type": "ephemeral"}
CACHED_TURNS = 2  # the newest, and the one before: a cache is looked for no more than 20 blocks back from a mark


def body(request: Request, *, model: str, max_tokens: int, refused: Iterable[str] = ()) -> Body:
    """`refused`: the fields this endpoint does not take (`thinking`, `cache_control`)."""
    thinking, caching = "thinking" not in refused, "cache_control" not in refused
    made: Body = {
        "model": model,
        "max_tokens": min(max_tokens, request.most or max_tokens),
        "system": [_text(constant_part()), _text(setting_part(request.setting, deferral.named(request.tools)))],
        "messages": _messages(request.turns, thinking=thinking),
    }
    if request.tools:
        made["tools"] = [_tool(tool) for tool in deferral.loaded(request.tools)]
    if thinking:
        made["thinking"] = {"type": "adaptive", "display": "summarized"}
    if caching:
        _mark(made)
    return made


def size(made: Body) -> int:
    """Bytes as they are sent, near enough. No text has more tokens than bytes."""
    try:
        return len(orjson.dumps(made))
    except TypeError:  # half characters, which only the patient one takes
        return len(json.dumps(made))


def grown(made: Body, turns: Sequence[Turn]) -> int:
    """Bytes that the request would have come to, had no result been shortened: this only grows, as the conversation."""
    short = diet.shortened(turns)
    answers = (block for turn in turns for block in turn.blocks if isinstance(block, Answer) and block.id in short)
    return size(made) + sum(len(orjson.dumps(diet.sent(answer))) for answer in answers)


def _mark(made: Body) -> None:
    """At most four marks are allowed: the tools, the constant words, and the newest turns of the user."""
    made["system"][0]["cache_control"] = CACHE
    if "tools" in made:
        made["tools"][-1]["cache_control"] = CACHE
    newest = [message for message in made["messages"] if message["role"] == "user"][-CACHED_TURNS:]
    for message in newest:
        message["content"][-1]["cache_control"] = CACHE


def _messages(turns: Sequence[Turn], *, thinking: bool) -> list[Body]:
    """Turns of one role after another become one message; a turn without a sendable block is left out."""
    messages: list[Body] = []
    short = diet.shortened(turns)
    for turn in turns:
        content = [_block(block, short) for block in turn.blocks if _can_be_sent(block, thinking)]
        if messages and messages[-1]["role"] == turn.role:
            messages[-1]["content"] += content
        elif content:
            messages.append({"role": turn.role, "content": content})
    return messages


def _can_be_sent(block: Block, thinking: bool) -> bool:
    match block:
        case Text(text):
            return bool(text.strip())
        case Thinking(_, signature):
            return thinking and bool(signature)
        case _:
            return True


def _block(block: Block, short: frozenset[str]) -> Body:
    match block:
        case Text(text):
            return _text(text)
        case Memo():
            return _text(compaction.text(block))
        case Thinking(text, signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case Wish(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": dict(arguments)}
        case Answer(id=id, failed=failed):
            text = diet.sent(block, short) or "(nothing)"
            answer: Body = {"type": "tool_result", "tool_use_id": id, "content": text}
            return answer | {"is_error": True} if failed else answer


def _text(text: str) -> Body:
    return {"type": "text", "text": text}


def _tool(tool: ToolOffer) -> Body:
    return {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
