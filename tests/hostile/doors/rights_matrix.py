"""Who gets which answer at which route. A route without a row, and a row without a route, fail a test.

What is not theirs is 404, as what is not there; a right that is missing is 403; nobody in particular is 401 or is sent
to sign in. `operator` here is another tenant: the conversation is private to its owner, who is an operator too.
"""

# anonymous, viewer, operator, approver, administrator, auditor; the owner with a token of scope read, write, approve
_READS = (401, 200, 200, 200, 200, 200, 200, 200, 200)
_OWN_READS = (401, 404, 404, 404, 404, 404, 200, 200, 200)
_OWN_WRITES = (401, 404, 404, 404, 404, 403, 403, 200, 200)

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
    "GET /api/v1/runs/{run_id}": _OWN_READS,
    "POST /api/v1/runs/{run_id}/stop": _OWN_WRITES,
    "GET /api/v1/approvals": _READS,
    "GET /api/v1/approvals/{approval_id}": (401, 404, 404, 200, 200, 404, 200, 200, 200),
    "POST /api/v1/approvals/{approval_id}/decision": (401, 403, 404, 200, 200, 403, 403, 403, 200),
    "GET /api/v1/tools": _READS,
    "POST /api/v1/tools/{name}/call": (401, 422, 422, 422, 422, 403, 403, 422, 422),  # its arguments do not fit
    "GET /api/v1/tool-calls/{tool_call_id}/result": _OWN_READS,
    "GET /api/v1/clusters": _READS,
    "POST /api/v1/clusters/{name}/test": (401, 422, 422, 422, 422, 422, 422, 422, 422),  # there is no such cluster
    "POST /api/chat/message": (401, 422, 422, 422, 422, 403, 403, 422, 422),  # it says nothing
}

# anonymous, viewer, operator, approver, administrator, auditor, the owner
_OPEN = (200,) * 7
_ONLY_POST = _ONLY_GET = (405,) * 7
_SIGNED_IN = (302, 200, 200, 200, 200, 200, 200)
_OWNER = (302, 404, 404, 404, 404, 404, 302)
_AWAY = (302,) * 7

PAGES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # to look at it, to post to it
    "/": (_SIGNED_IN, (302, 302, 302, 302, 302, 403, 302)),
    "/conversations": (_SIGNED_IN, _ONLY_GET),
    "/c/{conversation_id}": ((302, 404, 404, 404, 404, 404, 200), _ONLY_GET),
    "/c/{conversation_id}/messages": (_ONLY_POST, (302, 404, 404, 404, 404, 403, 302)),
    "/c/{conversation_id}/title": (_ONLY_POST, _OWNER),
    "/c/{conversation_id}/sharing": (_ONLY_POST, _OWNER),
    "/c/{conversation_id}/deletion": (_ONLY_POST, _OWNER),
    "/runs/stop": (_ONLY_POST, (302, 404, 404, 404, 404, 403, 302)),
    "/approvals": (_SIGNED_IN, _ONLY_GET),
    "/approvals/decision": (_ONLY_POST, (302, 404, 404, 302, 302, 404, 302)),
    "/approvals/{approval_id}": ((302, 404, 404, 200, 200, 404, 200), _ONLY_GET),
    "/clusters": (_SIGNED_IN, _ONLY_GET),
    "/clusters/{name}/state": ((302, 404, 404, 404, 404, 404, 404), _ONLY_GET),
    "/tools": (_SIGNED_IN, _ONLY_GET),
    "/model": (_SIGNED_IN, _ONLY_GET),
    "/sign-in": ((200, 302, 302, 302, 302, 302, 302), (200, 302, 302, 302, 302, 302, 302)),
    "/sign-in/{token}": ((404,) * 7, _ONLY_GET),
    "/sign-out": (_ONLY_POST, _AWAY),
    "/api/health": (_OPEN, _OPEN),
    "/livez": (_OPEN, _OPEN),
    "/readyz": (_OPEN, _OPEN),
    "/api/v1/docs": (_OPEN, _OPEN),
    "/api/v1/openapi.json": (_OPEN, _OPEN),
    "/favicon.ico": (_AWAY, _AWAY),
}

# The Django admin: who is no auditor and no administrator is sent to sign in; nobody adds or deletes but people and
# groups, and those only an administrator.
ADMIN_OPEN = ("/admin/login/", "/admin/logout/", "/admin/password_change/", "/admin/password_change/done/")
ADMIN_OF_PEOPLE = "/admin/auth/"
