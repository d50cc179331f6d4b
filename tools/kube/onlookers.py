"""Those who watch a call that takes long: what they are told meanwhile, and whether they still want it to go on."""

from tools.kube.guard import Permit


def tell(permit: Permit | None, line: str) -> None:
    """How far the call is; heard by whoever watches now, kept by nobody."""
    if permit is not None and permit.progress is not None:
        permit.progress(line)


async def stopping(permit: Permit | None) -> bool:
    """Whether nobody wants the call to go on: what is not sent yet need not be."""
    return permit is not None and permit.stopping is not None and await permit.stopping()
