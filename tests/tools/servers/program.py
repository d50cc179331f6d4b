"""An MCP server as a program, made with the official SDK: it answers, and misbehaves in every way that a program can.

`python program.py [folder]`: what it was started with and called for it writes there.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

NOTHING = {"type": "object", "properties": {}}
TOOLS = ("echo", "seen", "die", "garbage", "endless", "chatter", "hang", "stubborn", "breed", "twice")
OUT = os.dup(1)  # the SDK takes the other one for itself


async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
    more = os.environ.get("MORE_WORDS", "")
    return types.ListToolsResult(
        tools=[types.Tool(name=name, description=f"Does {name}.{more}", input_schema=NOTHING) for name in TOOLS]
    )


async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
    _note(params.name)
    match params.name:
        case "seen":
            files = sorted(os.listdir("."))
            seen = {"environment": dict(os.environ), "folder": os.getcwd(), "files": files, "group": os.getpgrp()}
            return _said(json.dumps(seen), seen)
        case "die":
            os.write(2, b"I have lost my mind\n")
            os._exit(3)
        case "garbage":
            os.write(OUT, b"Welcome to my server!\n")
        case "endless":
            while True:
                os.write(OUT, b"x" * 65536)
        case "chatter":
            while True:
                os.write(2, b"x" * 65536)
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _left_alone()
        case "breed":
            _breed()
            _left_alone()
        case "hang":
            await asyncio.sleep(300)
    return _said(f"{params.name} did {json.dumps(params.arguments)}", {"done": params.name})


def _left_alone() -> None:
    """Deaf: not even the end of its input ends it."""
    time.sleep(300)


def _breed() -> None:
    _note(f"child {subprocess.Popen(['sleep', '300'], stdin=subprocess.DEVNULL).pid}")


def _said(text: str, data: dict[str, Any]) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=data)


def _note(line: str) -> None:
    if len(sys.argv) > 1:
        with (Path(sys.argv[1]) / "notes").open("a") as notes:
            notes.write(f"{line}\n")


async def main() -> None:
    _note(f"pid {os.getpid()}")
    server = Server("program", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
