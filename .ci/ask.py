"""Follows a sign-in link as a browser would, asks each question over the socket, and shows what streamed back."""

import asyncio
import json
import sys
import time
import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, build_opener

from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 60  # seconds for one answer


async def main(link: str, questions: list[str]) -> None:
    jar = CookieJar()
    page = build_opener(HTTPCookieProcessor(jar)).open(link).read().decode()
    if "<main" not in page:
        sys.exit("The page behind the link does not look like the portal.")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    address = urlsplit(link)
    headers = {"Cookie": cookies, "Origin": f"http://{address.netloc}"}
    async with connect(f"ws://{address.netloc}/ws/chat", additional_headers=headers) as socket:
        for question in questions:
            await asyncio.wait_for(ask(socket, question), PATIENCE)


async def ask(socket: ClientConnection, question: str) -> None:
    began = time.perf_counter()
    await socket.send(json.dumps({"message": question, "conversation_id": str(uuid.uuid4())}))
    kinds: list[str] = []
    first = 0.0
    async for raw in socket:
        frame: dict[str, Any] = json.loads(raw)
        first = first or time.perf_counter() - began
        kinds.append(frame["type"])
        if frame["type"] == "complete":
            break
    data = frame["data"]
    calls = ", ".join(call["tool_name"] for call in data["tool_calls"])
    sys.stdout.write(f"\n> {question}\n{data['message']}\n")
    sys.stdout.write(f"[{kinds.count('text')} text frames, first frame after {first * 1000:.0f} ms, tools: {calls}]\n")
    if data["outcome"] != "done" or kinds.count("text") < 2 or not data["tool_calls"]:
        sys.exit("That was no streamed answer with tool calls.")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
