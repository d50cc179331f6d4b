"""Why the model stopped, as a sentence for people, where the answer itself does not show it."""

ORDINARY = ("end_turn", "stop_sequence", "pause_turn")
DISOWNED_CALL = "end_turn_with_tool_call"  # some gateways end every message with `end_turn`, wishes or not
SENTENCES = {
    "max_tokens": (
        "The answer reached the model's length limit and stops here. A tool call that was not complete was not carried "
        "out. Send another message to get the rest."
    ),
    "refusal": "The model declined to go on with this. Ask in other words, or for a smaller step.",
    "model_context_window_exceeded": (
        "This conversation is now longer than the model can read. Start a new one and name what matters, or ask for "
        "less at once."
    ),
    DISOWNED_CALL: (
        "The model asked for a tool, but its message ended as if it had not, so nothing was carried out. Ask again. If "
        "it happens every time, the gateway at ANTHROPIC_BASE_URL ends tool calls with the wrong stop reason and needs "
        "an update."
    ),
    "tool_use": "The model announced a tool call but did not complete it. Nothing was carried out; ask again.",
}
UNKNOWN = 'The model stopped for a reason this portal does not know ("{}"). Send another message to go on.'


def explain(stop_reason: str) -> str:
    """The sentence for a stop reason of the Messages API; empty when the answer is simply complete."""
    return "" if stop_reason in ORDINARY else SENTENCES.get(stop_reason) or UNKNOWN.format(stop_reason[:60])
