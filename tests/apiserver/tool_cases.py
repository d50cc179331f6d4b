"""Every case of every tool, by the tool's name."""

from tests.apiserver import draft_cases, exec_cases, reading_cases, writing_cases
from tests.apiserver.tool_case import Case

WORKS: dict[str, list[Case]] = reading_cases.WORKS | writing_cases.WORKS | exec_cases.WORKS | draft_cases.WORKS
FAILS: dict[str, list[Case]] = reading_cases.FAILS | writing_cases.FAILS | exec_cases.FAILS | draft_cases.FAILS
