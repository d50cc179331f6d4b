"""Figures of the runs of this programme, for people: a line at the end, and a JSON file that `K8SMCP_FIGURES` names."""

import json
import os
from pathlib import Path
from typing import Any

LINES: list[str] = []


def note(subject: str, line: str, **figures: Any) -> None:
    """Keeps the figures of one subject; a second run of it replaces the first."""
    LINES.append(line)
    named = os.environ.get("K8SMCP_FIGURES")
    if named:
        file = Path(named)
        kept = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(kept | {subject: {"line": line, **figures}}, indent=2, sort_keys=True) + "\n")
