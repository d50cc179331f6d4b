"""No model at all: wishes for exactly the one call that a program asked for, then ends."""

from collections.abc import AsyncIterator, Mapping

from chat.agent.ports import Answer, Finished, Json, Request, Spoken, Wish


class Direct:
    """For `POST /api/v1/tools/<name>/call` and the like: the same run, gate and journal as any other."""

    name = "direct"
    model = ""

    def __init__(self, tool: str, arguments: Mapping[str, Json]) -> None:
        self._wish = Wish("direct", tool, arguments)

    async def respond(self, request: Request) -> AsyncIterator[Spoken]:
        if isinstance(request.turns[-1].blocks[-1], Answer):  # in front of the words, answers of a run before may stand
            yield Finished("end_turn")
        else:
            yield Finished("tool_use", (self._wish,))
