"""Every case of every tool, by the tool's name."""

from tests.apiserver import draft_cases, exec_cases, leaving_cases, reading_cases, steering_cases, writing_cases
from tests.apiserver.tool_case import Case

_TABLES = (reading_cases, writing_cases, steering_cases, leaving_cases, exec_cases, draft_cases)
WORKS: dict[str, list[Case]] = {name: cases for table in _TABLES for name, cases in table.WORKS.items()}
FAILS: dict[str, list[Case]] = {name: cases for table in _TABLES for name, cases in table.FAILS.items()}
