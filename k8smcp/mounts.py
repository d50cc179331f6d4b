"""Which kind of drive a file is on, as Linux tells it. Elsewhere nothing is known, and nothing is refused."""

import re
from pathlib import Path
from typing import NamedTuple

# Drives that several machines can have at once. A root of 9p is a sandbox's own, and so is not among them.
NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb", "smb2", "smb3", "smbfs",
}  # fmt: skip
TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    place: Path
    kind: str


def mounted() -> str:
    """The table of this process, in the format of proc_pid_mountinfo(5); empty where there is none."""
    try:
        return TABLE.read_text(errors="replace")
    except OSError:
        return ""


def network_drive(file: Path, table: str) -> Mount | None:
    """The network drive that holds this file, if one does."""
    found = _holding(file.resolve(), table)
    if found is None or found.kind not in NETWORK or found == Mount(Path("/"), "9p"):
        return None
    return found


def _holding(file: Path, table: str) -> Mount | None:
    """The deepest mount above it; of several at one place the last, which hides the others."""
    holding = [mount for line in table.splitlines() if (mount := _mount(line)) and file.is_relative_to(mount.place)]
    return max(reversed(holding), key=lambda mount: len(mount.place.parts), default=None)


def _mount(line: str) -> Mount | None:
    head, dash, tail = line.partition(" - ")
    fields = head.split(" ")
    if not dash or len(fields) < 5:
        return None
    place = _OCTAL.sub(lambda code: chr(int(code.group(1), 8)), fields[4])
    return Mount(Path(place), tail.split(" ")[0])
