"""docs/diagnosis.md says what is looked for: its table is made from the code and renewed on purpose."""

import os
from pathlib import Path

from tools.diagnosis import analysis

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"
BEGIN, END = "<!-- signs -->\n", "<!-- /signs -->\n"


def table() -> str:
    lines = ["| code | severity | what is looked for |", "|---|---|---|"]
    lines += [f"| `{sign.code}` | {sign.severity.value} | {sign.looks_for} |" for sign in analysis.signs()]
    return "\n".join(lines) + "\n"


def test_the_page_says_what_the_code_looks_for() -> None:
    """After a change on purpose: run this test with RENEW_GOLDEN=1 and look at the difference."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    now = before + BEGIN + table() + END + rest.partition(END)[2]
    if os.environ.get("RENEW_GOLDEN") == "1":
        PAGE.write_text(now)
    assert PAGE.read_text() == now
