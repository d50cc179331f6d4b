"""Which function answers which subresource."""

from collections.abc import Callable

from tools.demo.api import Api, Call
from tools.demo.changing import patch, replace
from tools.demo.errors import ApiError
from tools.demo.evictions import bind, evict
from tools.demo.http import Response
from tools.demo.kinds import Kind
from tools.demo.log_requests import log
from tools.demo.node_logs import node_logs
from tools.demo.reading import read
from tools.demo.scaling import scale

Handler = Callable[[Api, Call, Kind], Response]
OWN: dict[str, Handler] = {"scale": scale, "log": log, "eviction": evict, "binding": bind}
WHOLE_OBJECT: dict[str, Handler] = {"get": read, "update": replace, "patch": patch}
CONNECTIONS = ("exec", "attach", "portforward", "proxy", "token", "ephemeralcontainers")


def answer_subresource(api: Api, call: Call, kind: Kind) -> Response:
    """Answers for one that discovery lists; what needs a real node is refused with a clear 501."""
    name = call.target.subresource
    if (kind.plural, name, call.target.verb) == ("nodes", "proxy", "get") and call.target.rest[:1] == ("logs",):
        return node_logs(api, call, kind)
    if name in CONNECTIONS:
        text = f"{kind.plural}/{name} needs a real cluster: this is the demo cluster, which runs no containers"
        raise ApiError(501, text, "NotImplemented", {"kind": kind.plural, "name": call.target.name})
    if name in OWN:
        return OWN[name](api, call, kind)
    return WHOLE_OBJECT[call.target.verb](api, call, kind)
