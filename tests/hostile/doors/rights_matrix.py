"""Who gets which answer at which route. A route without a row, and a row without a route, fail a test.

What is not theirs is 404, as what is not there; a right that is missing is 403; nobody in particular is 401 or is sent
to sign in. `operator` here is another tenant: the conversation is private to its owner, who is an operator too.
"""

# anonymous, viewer, operator, approver, administrator, auditor; the owner with a token of scope read, write, approve
_READS = (401, 200, 200, 200, 200, 200, 200, 200, 200)
_OWN_READS = (401, 404, 404, 404, 404, 404, 200, 200, 200)
_OWN_WRITES = (401, 404, 404, 404, 404, 403, 403, 200, 200)
_ADMINISTERS = (401, 403, 403, 403, 200, 403, 403, 403, 403)

# Beside Django: the same people, asking for the list of tools. Changing things is the least scope there.
MCP = (401, 200, 200, 200, 200, 403, 403, 200, 200)

REST: dict[str, tuple[int, ...]] = {
    "GET /api/v1/conversations": _READS,
    "POST /api/v1/conversations": (401, 201, 201, 201, 201, 403, 403, 201, 201),
    "GET /api/v1/conversations/{conversation_id}": _OWN_READS,
    "PATCH /api/v1/conversations/{conversation_id}": _OWN_WRITES,
    "DELETE /api/v1/conversations/{conversation_id}": (401, 404, 404, 404, 404, 403, 403, 204, 204),
    "POST /api/v1/conversations/{conversation_id}/messages": (401, 404, 404, 404, 404, 403, 403, 202, 202),
    "PATCH /api/v1/conversations/{conversation_id}/messages/{message_id}": _OWN_WRITES,
    "DELETE /api/v1/conversations/{conversation_id}/messages/{message_id}": _OWN_WRITES,
    "POST /api/v1/conversations/{conversation_id}/messages/{message_id}/steer": _OWN_WRITES,
    "GET /api/v1/conversations/{conversation_id}/events": _OWN_READS,
    "GET /api/v1/conversations/{conversation_id}/shares": _OWN_READS,
    "POST /api/v1/conversations/{conversation_id}/shares": (401, 404, 404, 404, 404, 403, 403, 201, 201),
    "DELETE /api/v1/conversations/{conversation_id}/shares/{share_id}": (401, 404, 404, 404, 404, 403, 403, 204, 204),
    "GET /api/v1/runs/{run_id}": _OWN_READS,
    "POST /api/v1/runs/{run_id}/stop": _OWN_WRITES,
    "GET /api/v1/approvals": _READS,
    "GET /api/v1/approvals/{approval_id}": (401, 404, 404, 200, 200, 404, 200, 200, 200),
    "POST /api/v1/approvals/{approval_id}/decision": (401, 403, 404, 200, 200, 403, 403, 403, 200),
    "POST /api/v1/approvals/{approval_id}/edit": (401, 403, 404, 422, 422, 403, 403, 403, 422),  # they do not fit
    "GET /api/v1/tools": _READS,
    "POST /api/v1/tools/{name}/call": (401, 422, 422, 422, 422, 403, 403, 422, 422),  # its arguments do not fit
    "GET /api/v1/tool-calls/{tool_call_id}/result": _OWN_READS,
    "GET /api/v1/clusters": _READS,
    "POST /api/v1/clusters": (401, 403, 403, 403, 422, 403, 403, 403, 403),  # it is no kubeconfig
    "PATCH /api/v1/clusters/{name}": _ADMINISTERS,
    "DELETE /api/v1/clusters/{name}": (401, 403, 403, 403, 422, 403, 403, 403, 403),  # it is of the start
    "POST /api/v1/clusters/{name}/test": _READS,
    "GET /api/v1/clusters/{name}/access": (401, 422, 422, 422, 422, 422, 422, 422, 422),  # it cannot be reached
    "PUT /api/v1/clusters/{name}/access/token": (401, 422, 422, 422, 422, 403, 403, 422, 422),  # nobody has one there
    "DELETE /api/v1/clusters/{name}/access/token": (401, 204, 204, 204, 204, 403, 403, 204, 204),
    "GET /api/v1/clusters/{name}/map": _READS,
    "POST /api/v1/clusters/{name}/map": (401, 403, 403, 403, 204, 403, 403, 403, 403),
    "DELETE /api/v1/clusters/{name}/map/{line}": (401, 403, 403, 403, 204, 403, 403, 403, 403),
    "GET /api/v1/policy/rules": _READS,  # each those that are about them
    "GET /api/v1/policy/verdict": _ADMINISTERS,
    "GET /api/v1/mcp-servers": _ADMINISTERS,
    "POST /api/v1/mcp-servers": (401, 403, 403, 403, 201, 403, 403, 403, 403),
    "POST /api/v1/mcp-servers/{name}/look": (401, 403, 403, 403, 422, 403, 403, 403, 403),  # it cannot be reached
    "POST /api/v1/mcp-servers/{name}/effects": _ADMINISTERS,
    "PATCH /api/v1/mcp-servers/{name}": _ADMINISTERS,
    "DELETE /api/v1/mcp-servers/{name}": (401, 403, 403, 403, 204, 403, 403, 403, 403),
    "GET /api/v1/audit": (401, 403, 403, 403, 200, 200, 403, 403, 403),
    "GET /api/v1/usage": _READS,  # each their own
    "POST /api/chat/message": (401, 422, 422, 422, 422, 403, 403, 422, 422),  # it says nothing
}

# anonymous, viewer, operator, approver, administrator, auditor, the owner
_OPEN = (200,) * 7
_ONLY_POST = _ONLY_GET = (405,) * 7
_SIGNED_IN = (302, 200, 200, 200, 200, 200, 200)
_OWNER = (302, 404, 404, 404, 404, 404, 302)
_AWAY = (302,) * 7
_ADMINISTRATOR = (302, 403, 403, 403, 302, 403, 403)
_OF_ADMINISTRATORS = (302, 403, 403, 403, 200, 403, 403)

PAGES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # to look at it, to post to it
    "/": (_SIGNED_IN, (302, 302, 302, 302, 302, 403, 302)),
    "/conversations": (_SIGNED_IN, _ONLY_GET),
    "/c/{conversation_id}": ((302, 404, 404, 404, 404, 404, 200), _ONLY_GET),
    "/c/{conversation_id}/messages": (_ONLY_POST, (302, 404, 404, 404, 404, 403, 302)),
    "/c/{conversation_id}/title": (_ONLY_POST, _OWNER),
    "/c/{conversation_id}/sharing": (_ONLY_POST, _OWNER),
    "/c/{conversation_id}/shares": (_OWNER, _OWNER),
    "/c/{conversation_id}/shares/removal": (_ONLY_POST, _OWNER),
    "/c/{conversation_id}/report": ((302, 404, 404, 404, 200, 200, 200), _ONLY_GET),
    "/c/{conversation_id}/deletion": (_ONLY_POST, _OWNER),
    "/runs/stop": (_ONLY_POST, (302, 404, 404, 404, 404, 403, 302)),
    "/approvals": (_SIGNED_IN, _ONLY_GET),
    "/approvals/decision": (_ONLY_POST, (302, 404, 404, 302, 302, 404, 302)),
    "/approvals/count": (_SIGNED_IN, _ONLY_GET),
    "/approvals/{approval_id}/edit": (_ONLY_POST, (302, 404, 404, 422, 422, 404, 422)),  # they do not fit
    "/approvals/{approval_id}": ((302, 404, 404, 200, 200, 404, 200), _ONLY_GET),
    "/clusters": (_SIGNED_IN, _ONLY_GET),
    "/clusters/{name}/state": (_SIGNED_IN, _ONLY_GET),
    "/clusters/registration": (_OF_ADMINISTRATORS, (302, 403, 403, 403, 422, 403, 403)),
    "/clusters/{name}/access": (_SIGNED_IN, (302, 422, 422, 422, 422, 403, 422)),
    "/clusters/{name}/mine": (_SIGNED_IN, _ONLY_GET),
    "/clusters/{name}/account": (_OF_ADMINISTRATORS, _ONLY_GET),
    "/clusters/{name}/settings": (_ONLY_POST, _ADMINISTRATOR),
    "/clusters/{name}/map": (_ONLY_POST, _ADMINISTRATOR),
    "/clusters/{name}/deletion": (_ONLY_POST, (302, 403, 403, 403, 422, 403, 403)),
    "/mcp-servers": (_OF_ADMINISTRATORS, _ONLY_GET),
    "/mcp-servers/registration": (_ONLY_POST, (302, 403, 403, 403, 422, 403, 403)),  # it cannot be reached
    "/mcp-servers/{name}/look": (_ONLY_POST, (302, 403, 403, 403, 422, 403, 403)),
    "/mcp-servers/{name}/effects": (_ONLY_POST, _ADMINISTRATOR),
    "/mcp-servers/{name}/switch": (_ONLY_POST, _ADMINISTRATOR),
    "/mcp-servers/{name}/deletion": (_ONLY_POST, _ADMINISTRATOR),
    "/changes": (_SIGNED_IN, _ONLY_GET),
    "/changes/{change_id}/undo": (_ONLY_POST, (302, 403, 404, 404, 404, 403, 409)),
    "/policy": (_SIGNED_IN, _ONLY_GET),
    "/policy/ask": (_SIGNED_IN, _ONLY_GET),
    "/policy/rule": (_OF_ADMINISTRATORS, _ADMINISTRATOR),
    "/policy/rule/{name}": (_OF_ADMINISTRATORS, _ADMINISTRATOR),
    "/policy/rule/{name}/removal": (_ONLY_POST, (302, 403, 403, 403, 404, 403, 403)),  # it is one of ours
    "/policy/grants": (_ONLY_POST, _ADMINISTRATOR),
    "/policy/grants/{grant_id}/revocation": (_ONLY_POST, _ADMINISTRATOR),
    "/policy/clusters": (_ONLY_POST, _ADMINISTRATOR),
    "/budgets": (_SIGNED_IN, _ONLY_GET),
    "/budgets/set": (_ONLY_POST, _ADMINISTRATOR),
    "/budgets/{budget_id}/removal": (_ONLY_POST, _ADMINISTRATOR),
    "/tokens": (_SIGNED_IN, _ONLY_GET),
    "/tokens/new": (_ONLY_POST, _SIGNED_IN),
    "/tokens/{token_id}/revocation": (_ONLY_POST, _OWNER),
    "/promises": (_SIGNED_IN, _ONLY_GET),
    "/csp-reports": (_ONLY_GET, (204,) * 7),
    "/tools": (_SIGNED_IN, _ONLY_GET),
    "/model": (_SIGNED_IN, _ONLY_GET),
    "/sign-in": ((200, 302, 302, 302, 302, 302, 302), (200, 302, 302, 302, 302, 302, 302)),
    "/sign-in/{token}": ((404,) * 7, _ONLY_GET),
    "/sign-out": (_ONLY_POST, _AWAY),
    "/api/health": (_OPEN, _OPEN),
    "/livez": (_OPEN, _OPEN),
    "/readyz": (_OPEN, _OPEN),
    "/metrics": ((401, 403, 403, 403, 200, 200, 403), _ONLY_GET),
    "/api/v1/docs": (_OPEN, _OPEN),
    "/api/v1/openapi.json": (_OPEN, _OPEN),
    "/favicon.ico": (_AWAY, _AWAY),
}

# The Django admin: who is no auditor and no administrator is sent to sign in; nobody adds or deletes but people and
# groups, and those only an administrator.
ADMIN_OPEN = ("/admin/login/", "/admin/logout/", "/admin/password_change/", "/admin/password_change/done/")
ADMIN_OF_PEOPLE = "/admin/auth/"
