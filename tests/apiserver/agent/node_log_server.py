"""Serves logs of a node as its kubelet does: one service by a query, and a directory with one file."""

from aiohttp import web

_LISTING = '<!doctype html>\n<pre>\n<a href="kern.log">kern.log</a>\n<a href="pods/">pods/</a>\n</pre>\n'
_KERNEL = "".join(f"[    {n}.000000] event number {n}\n" for n in range(5000))
_MOST = 40_000
_KUBELET = [f"Nov 26 10:00:{n:02} node kubelet[1]: {'tock' if n % 2 else 'tick'}" for n in range(60)]


def add_routes(application: web.Application) -> None:
    application.router.add_get("/logs/", _answer)
    application.router.add_get("/logs/kern.log", _kernel)


async def _answer(request: web.Request) -> web.Response:
    service = request.query.get("query")
    if service is None:
        return web.Response(text=_LISTING, content_type="text/html")
    if service != "kubelet":
        return web.Response(text=f"\nlog not found for {service}\n")
    lines = _KUBELET[-int(request.query["tailLines"]) :]
    return web.Response(text="".join(f"{line}\n" for line in lines))


async def _kernel(request: web.Request) -> web.Response:
    """As a file server gives a part, but never the whole."""
    if request.http_range.start is None:
        return web.Response(text=_KERNEL)
    part = _KERNEL.encode()[request.http_range.start :][-_MOST:]
    told = f"bytes {len(_KERNEL) - len(part)}-{len(_KERNEL) - 1}/{len(_KERNEL)}"
    return web.Response(body=part, status=206, headers={"Content-Range": told}, content_type="text/plain")
