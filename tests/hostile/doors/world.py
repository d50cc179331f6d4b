"""A small world for the rights matrix: an owner with one of everything, and a person of each role beside them."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from chat import tool_calls
from chat.actions import approvals, calls, leases, messages, people, tokens
from chat.agent.ports import Wish
from chat.asking import Question
from chat.models import AccessToken, Budget, Change, Run, Share, ToolCall
from tools.models import Cluster, Grant, IdentityMap, McpServer, McpTool

ROLES = ("viewer", "operator", "approver", "administrator", "auditor")
SCOPES = ("read", "write", "approve")
REST_SUBJECTS = ("anonymous", *ROLES, "owner/read", "owner/write", "owner/approve")
PAGE_SUBJECTS = ("anonymous", *ROLES, "owner")
BODIES: dict[str, Any] = {
    "POST /api/v1/conversations": {"title": "x"},
    "PATCH /api/v1/conversations/{conversation_id}": {"title": "y"},
    "POST /api/v1/conversations/{conversation_id}/messages": {
        "id": "00000000-0000-4000-8000-000000000001",
        "text": "x",
    },
    "PATCH /api/v1/conversations/{conversation_id}/messages/{message_id}": {"text": "z"},
    "POST /api/v1/conversations/{conversation_id}/shares": {"kind": "everyone"},
    "POST /api/v1/approvals/{approval_id}/decision": {"decision": "reject"},
    "POST /api/v1/approvals/{approval_id}/edit": {"arguments": {"wrong": 1}},
    "POST /api/v1/clusters": {"kubeconfig": "none"},
    "PATCH /api/v1/clusters/{name}": {"default_names": False},
    "PUT /api/v1/clusters/{name}/access/token": {"token": "x"},
    "POST /api/v1/clusters/{name}/map": {"kind": "group", "subject": "viewer", "kube_name": "viewers"},
    "POST /api/v1/mcp-servers": {"name": "other", "address": "http://127.0.0.1:1/mcp"},
    "POST /api/v1/mcp-servers/{name}/effects": {"tool": "lie", "effect": "READ", "digest": "d" * 64},
    "PATCH /api/v1/mcp-servers/{name}": {"enabled": False},
    "POST /api/v1/tools/{name}/call": {"arguments": {"wrong": 1}},
    "POST /api/chat/message": {"message": ""},
}


QUERIES = {"GET /api/v1/policy/verdict": "?person=the-viewer&cluster=shop&effect=CHANGE"}
FORM = {"title": "y", "text": "z", "shared": "yes"}
FORMS: dict[str, dict[str, str]] = {
    "/c/{conversation_id}/shares": {"who": "everyone"},
    "/approvals/{approval_id}/edit": {"arguments": '{"wrong": 1}'},
    "/clusters/{name}/settings": {"mode": "token"},
    "/clusters/{name}/map": {"kind": "group", "subject": "viewer", "kube_name": "viewers"},
    "/mcp-servers/registration": {"name": "other", "address": "http://127.0.0.1:1/mcp"},
    "/policy/clusters": {"cluster": "shop", "production": "yes"},
    "/policy/grants": {"person": "the-viewer", "role": "operator", "cluster": "shop", "minutes": "5", "reason": "x"},
    "/policy/rule": {"name": "mine", "decision": "deny", "effects": "DESTROY", "enabled": "yes"},
    "/policy/rule/{name}": {"decision": "deny", "effects": "DESTROY", "enabled": "yes"},
    "/tokens/new": {"scope": "read", "days": "7"},
    "/budgets/set": {"scope": "person", "window": "day", "who": "the-viewer", "tokens": "5"},
}


@dataclass
class World:
    """`names`: what stands for each parameter of a route. `people`: by role, and the owner (an operator)."""

    people: dict[str, User]
    names: dict[str, str]
    tokens: dict[str, str]
    sessions: dict[str, str] = field(default_factory=dict)

    def ask(self, route: str, subject: str) -> int:
        """The status of one request over REST, whose effects are taken back."""
        method, path = route.split(" ")
        headers = {"Authorization": f"Bearer {self.tokens[subject]}"} if subject != "anonymous" else {}
        client = Client(raise_request_exception=False, headers=headers)
        return self._undone(client, method, path + QUERIES.get(route, ""), BODIES.get(route, {}))

    def visit(self, path: str, subject: str, method: str = "GET") -> int:
        """The status of one page, with a session."""
        client = Client(raise_request_exception=False)
        if subject != "anonymous":
            client.cookies[settings.SESSION_COOKIE_NAME] = self._session(subject)
        marks = {"run": self.names["run_id"], "reject": self.names["approval_id"], "share": self.names["share_id"]}
        form = FORM | marks | FORMS.get(path, {}) if method == "POST" else None
        return self._undone(client, method, path, form, form=True)

    def _session(self, subject: str) -> str:
        """Signed in once: what a request does to the session is taken back."""
        if subject not in self.sessions:
            client = Client()
            client.force_login(self.people[subject])
            self.sessions[subject] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return self.sessions[subject]

    def _names_in(self, path: str) -> dict[str, str]:
        """A `name` is a tool's, a cluster's, a server's or a rule's."""
        places = {"/clusters/": "shop", "/mcp-servers/": "liar", "/policy/": "reading"}
        named = next((name for part, name in places.items() if part in path), self.names["name"])
        return self.names | {"name": named}

    def _undone(self, client: Client, method: str, path: str, body: Any, *, form: bool = False) -> int:
        for name, value in self._names_in(path).items():
            path = path.replace(f"{{{name}}}", value)
        more: dict[str, Any] = {"data": body} if body is not None and method != "GET" else {}
        if more and not form:
            more["content_type"] = "application/json"
        with transaction.atomic():
            answer = getattr(client, method.lower())(path, **more)
            status = int(answer.status_code)
            transaction.set_rollback(True)
        return status


def build() -> World:
    """An owner whose run waits for a decision, with a second message in the queue behind it."""
    made = {role: people.create(f"the-{role}", role=role) for role in ROLES}
    owner = made["owner"] = people.create("the-owner", role="operator")
    accepted = messages.send(owner, "make it")
    run = Run.objects.get(pk=accepted.run_id)
    claim = leases.claim("rights")
    assert claim is not None
    call = tool_calls.record(run, Wish("w", "namespace_create", {"name": "x"}))
    call.position = 1
    call.save()
    approval = approvals.request(claim, call, "Make x", Question(plan={}, bound={}, digest="d" * 64, rule="changing"))
    read = tool_calls.record(run, Wish("w2", "clusters_list", {}))
    read.position = 2
    read.save()
    calls.close(read, "completed", "none", full="none at all")
    queued = str(uuid.uuid4())
    messages.send(owner, "and then", message_id=queued, conversation_id=run.conversation_id)
    names = {
        "conversation_id": str(run.conversation_id), "run_id": str(run.pk), "approval_id": str(approval.pk),
        "message_id": queued, "tool_call_id": str(read.pk), "name": "clusters_list", "token": "nobody-has-this",
        **_beside(made, run, read), "object_id": "1", "content_type_id": "1", "app_label": "chat", "id": "1",
    }  # fmt: skip
    keys = {role: tokens.create(made[role], scope="admin" if role == "administrator" else "") for role in ROLES}
    keys |= {f"owner/{scope}": tokens.create(owner, scope=scope) for scope in SCOPES}
    return World(made, names, keys)


def _beside(made: dict[str, User], run: Run, call: ToolCall) -> dict[str, str]:
    """One of everything else: a cluster with a line in its map, a share, a change, a grant, a budget, a token."""
    cluster = Cluster.objects.create(name="shop", server="https://127.0.0.1:1", context="shop")
    line = IdentityMap.objects.create(cluster=cluster, kind="group", subject="operator", kube_name="operators")
    share = Share.objects.create(conversation=run.conversation, person=people.create("a-reader", role="viewer"))
    change = Change.objects.create(tool_call=call, position=1, verb="create", words="namespaces x", why_not="No way.")
    grant = Grant.objects.create(
        person=made["viewer"], role="operator", effects=["CHANGE"], cluster="shop", reason="x",
        made_by=made["administrator"], until=timezone.now() + timedelta(hours=1), namespace="nowhere",
    )  # fmt: skip
    liar = McpServer.objects.create(name="liar", address="http://127.0.0.1:1/mcp")
    McpTool.objects.create(server=liar, name="lie", digest="d" * 64)
    budget = Budget.objects.create(scope="person", who="nobody-here", window="day", tokens=5)
    token = AccessToken.objects.create(user=run.message.author, prefix="k8smcp_none", digest="nobody has it")
    found = {"share_id": share, "line": line, "change_id": change, "grant_id": grant, "budget_id": budget}
    found["token_id"] = token
    return {name: str(row.pk) for name, row in found.items()}
