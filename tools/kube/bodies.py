"""What every change says: its body as JSON, without what only stands for a secret, and how long it may take."""

from typing import Any

import msgspec

from tools import redaction
from tools.kube.errors import BadInput
from tools.kube.transport import WRITE_SECONDS


def encode(body: Any) -> bytes:
    """Raises BadInput for a body that bears what is shown in the place of a secret: it would take the secret's."""
    encoded = msgspec.json.encode(body)
    if shown := redaction.shown_in(encoded):
        raise BadInput(
            f"{shown} stands where a value is masked, and would be written in its place. Leave that field out, or "
            "refer to a Secret."
        )
    return encoded


def in_time(dry_run: bool) -> dict[str, str]:
    """What every change says: how long the server may take."""
    return {"timeout": f"{WRITE_SECONDS}s"} | ({"dryRun": "All"} if dry_run else {})
