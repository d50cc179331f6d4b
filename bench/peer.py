"""The peer that listings and tokens are measured beside: the npm package kubernetes-mcp-server, over standard input.

The program is what BENCH_PEER names, else what is on the path, else what `npm install` brings.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

PACKAGE = "kubernetes-mcp-server@0.0.67"


def program() -> str | None:
    """None where there is no such program and npm cannot bring it."""
    if named := os.environ.get("BENCH_PEER") or shutil.which("kubernetes-mcp-server"):
        return named
    npm = shutil.which("npm")
    place = Path(tempfile.gettempdir()) / "k8smcp-bench-peer"
    if npm is None:
        return None
    subprocess.run([npm, "install", "--silent", "--prefix", str(place), PACKAGE], capture_output=True, check=False)
    return next(map(str, place.glob("node_modules/kubernetes-mcp-server-*/bin/kubernetes-mcp-server-*")), None)


@contextlib.asynccontextmanager
async def connected(named: str, kubeconfig: Path) -> AsyncIterator[Any]:
    """A client of the official SDK; the server ends with it."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    arguments = ["--kubeconfig", str(kubeconfig), "--log-file", os.devnull]
    async with Client(stdio_client(StdioServerParameters(command=named, args=arguments))) as client:
        yield client


async def called(client: Any, name: str, arguments: dict[str, Any]) -> str:
    result = await client.call_tool(name, arguments)
    return "\n".join(getattr(part, "text", "") for part in result.content)


def peak_mb() -> float:
    """Of the servers this process has started and that still run: the most memory they ever had (proc(5), VmHWM)."""
    peaks = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if int(fields["PPid"]) == os.getpid() and fields["Name"].strip().startswith("kubernetes-mcp"):
                peaks.append(int(fields["VmHWM"].split()[0]) / 1024)
    return round(max(peaks), 1)
