"""A small world for the rights matrix: an owner with one of everything, and a person of each role beside them."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from chat import tool_calls
from chat.actions import approvals, calls, leases, messages, people, tokens
from chat.agent.ports import Wish
from chat.models import Run

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
    "POST /api/v1/approvals/{approval_id}/decision": {"decision": "reject"},
    "POST /api/v1/tools/{name}/call": {"arguments": {"wrong": 1}},
    "POST /api/chat/message": {"message": ""},
}


FORM = {"title": "y", "text": "z", "shared": "yes"}


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
        return self._undone(client, method, path, BODIES.get(route, {}))

    def visit(self, path: str, subject: str, method: str = "GET") -> int:
        """The status of one page, with a session."""
        client = Client(raise_request_exception=False)
        if subject != "anonymous":
            client.cookies[settings.SESSION_COOKIE_NAME] = self._session(subject)
        form = FORM | {"run": self.names["run_id"], "reject": self.names["approval_id"]} if method == "POST" else None
        return self._undone(client, method, path, form, form=True)

    def _session(self, subject: str) -> str:
        """Signed in once: what a request does to the session is taken back."""
        if subject not in self.sessions:
            client = Client()
            client.force_login(self.people[subject])
            self.sessions[subject] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return self.sessions[subject]

    def _undone(self, client: Client, method: str, path: str, body: Any, *, form: bool = False) -> int:
        for name, value in self.names.items():
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
    approval = approvals.request(claim, call, "Make x", owner.username)
    read = tool_calls.record(run, Wish("w2", "clusters_list", {}))
    read.position = 2
    read.save()
    calls.close(read, "completed", "none", full="none at all")
    queued = str(uuid.uuid4())
    messages.send(owner, "and then", message_id=queued, conversation_id=run.conversation_id)
    names = {
        "conversation_id": str(run.conversation_id), "run_id": str(run.pk), "approval_id": str(approval.pk),
        "message_id": queued, "tool_call_id": str(read.pk), "name": "clusters_list", "token": "nobody-has-this",
        "object_id": "1", "content_type_id": "1", "app_label": "chat", "id": "1",
    }  # fmt: skip
    keys = {role: tokens.create(made[role]) for role in ROLES}
    keys |= {f"owner/{scope}": tokens.create(owner, scope=scope) for scope in SCOPES}
    return World(made, names, keys)
