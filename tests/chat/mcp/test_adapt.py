"""What an MCP client is told of a call that has ended."""

import pytest

from chat.mcp import adapt
from chat.models import ToolCall


@pytest.mark.parametrize(("full", "more"), [("", False), ("all of it", True)])
def test_a_result_that_was_cut_names_where_there_is_more(full, more):
    call = ToolCall(tool="k8s_list", status="completed", result="a part", full=full)
    told = adapt.finished(call, {"run_id": "r", "conversation_url": "u"}).structured_content
    assert ("ref" in told) is more
    assert not more or told["ref"] == call.pk.hex[:8]
