"""Conversations in the database that hold every type of event, written through the journal as the core writes them."""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from chat import journal
from chat.event_types import (
    ApprovalDecided,
    ApprovalRequested,
    ArgumentsEdited,
    CalledTool,
    Complete,
    ConversationRenamed,
    Error,
    MessageEdited,
    MessageRemoved,
    MessageSteered,
    Notice,
    RunStarted,
    TextEnd,
    ThinkingEnd,
    ToolCallEnd,
    ToolCallStart,
    UserMessage,
)
from chat.models import Approval, Conversation, Event, Message, Run, Share, ToolCall

TABLE = "2 pods\nNAMESPACE  NAME        STATUS\nshop       cart-1      Running\nshop       checkout-2  CrashLoopBackOff"


class Story:
    """Writes one conversation's events; every method returns what later ones need."""

    def __init__(self, owner, *, title="Why is checkout failing?", shared=False):
        self.conversation = Conversation.objects.create(owner=owner, title=title, cluster="demo")
        if shared:
            Share.objects.create(conversation=self.conversation, level="take_part")
        self.owner = owner
        self._calls = 0

    @property
    def events(self):
        return list(Event.objects.filter(conversation=self.conversation).order_by("seq"))

    def ask(self, text="why is checkout failing?", author=None):
        author = author or self.owner
        message = Message.objects.create(
            conversation=self.conversation, author=author, client_id=uuid.uuid4(), text=text
        )
        run = Run.objects.create(conversation=self.conversation, message=message)
        self._write(run, UserMessage, message_id=str(message.client_id), author=author.username, text=text)
        return run

    def edit(self, run, text):
        Message.objects.filter(pk=run.message_id).update(text=text)
        self._write(run, MessageEdited, **self._message(run), text=text)

    def remove(self, run):
        self._write(run, MessageRemoved, **self._message(run))
        self.end(run, "stopped", message="", tool_calls=[], usage={}, iterations=0)

    def steer(self, run, into):
        self._write(
            run,
            MessageSteered,
            **self._message(run),
            into_run_id=str(into.pk),
            text=Message.objects.get(pk=run.message_id).text,
        )
        self.end(run, message="", tool_calls=[], usage={}, iterations=0)

    def rename(self, title):
        Conversation.objects.filter(pk=self.conversation.pk).update(title=title)
        with transaction.atomic():
            told = ConversationRenamed(conversation_id=str(self.conversation.pk), title=title, by=self.owner.username)
            journal.append(told)

    def _message(self, run):
        return {"message_id": str(run.message.client_id), "by": run.message.author.username}

    def begin(self, run, **fields):
        Run.objects.filter(pk=run.pk).update(
            status="running", owner="test", lease_until=timezone.now() + timedelta(hours=1)
        )
        self._write(run, RunStarted, **({"provider": "guide", "model": "", "attempt": 1} | fields))

    def think(self, run, block, text="I look at the pod first."):
        self._write(run, ThinkingEnd, block=block, text=text)

    def say(self, run, block, text="It **crashes**."):
        self._write(run, TextEnd, block=block, text=text)

    def wish(self, run, tool="k8s_list", effect="READ", intent="List pods in shop", **arguments):
        self._calls += 1
        call = ToolCall.objects.create(
            run=run,
            position=self._calls,
            tool=tool,
            arguments=arguments or {"namespace": "shop"},
            cluster="demo",
            effect=effect,
            intent=intent,
        )
        self._write(run, ToolCallStart, **self._fields(call))
        return call

    def answer(self, call, result=TABLE, status="completed", duration_ms=312, **fields):
        ToolCall.objects.filter(pk=call.pk).update(status=status, result=result)
        self._write(
            call.run, ToolCallEnd, **self._fields(call), result=result, status=status, duration_ms=duration_ms, **fields
        )

    def request(self, call, summary="Scale deployment frontend in shop to 3"):
        approval = Approval.objects.create(
            tool_call=call, call_hash="x", summary=summary, expires_at=timezone.now() + timedelta(hours=1)
        )
        self._write(
            call.run,
            ApprovalRequested,
            **self._fields(call),
            approval_id=str(approval.pk),
            summary=summary,
            expires_at=approval.expires_at.isoformat(),
            url=f"/approvals/{approval.pk}",
        )
        return approval

    def edit_call(self, call, approval, by, **arguments):
        Approval.objects.filter(pk=approval.pk).update(status="void", edited_by=self.owner)
        ToolCall.objects.filter(pk=call.pk).update(arguments=arguments)
        call.arguments = arguments
        self._write(call.run, ArgumentsEdited, **self._fields(call), approval_id=str(approval.pk), by=by)

    def decide(self, approval, decision="approved", by="", reason=""):
        call = approval.tool_call
        Approval.objects.filter(pk=approval.pk).update(status=decision, decided_at=timezone.now(), reason=reason)
        self._write(
            call.run,
            ApprovalDecided,
            approval_id=str(approval.pk),
            tool_call_id=str(call.pk),
            decision=decision,
            by=by,
            reason=reason,
        )

    def notice(self, run, text="The model is busy. Trying again in 4 s."):
        self._write(run, Notice, code="model_retry", text=text)

    def fail(self, run, error="The model did not accept the key."):
        self._write(run, Error, error=error, code="model_key")

    def end(self, run, outcome="done", **fields):
        Run.objects.filter(pk=run.pk).update(status=outcome)
        called = [CalledTool(tool_name="k8s_list", arguments={}, result="", status="completed")]
        usage = {"input_tokens": 1200, "output_tokens": 34}
        told = {"message": "It crashes.", "tool_calls": called, "usage": usage, "iterations": 1} | fields
        self._write(run, Complete, outcome=outcome, **told)

    def _fields(self, call):
        return {
            "tool_call_id": str(call.pk),
            "tool_name": call.tool,
            "arguments": call.arguments,
            "cluster": call.cluster,
            "effect": call.effect,
            "intent": call.intent,
        }

    def _write(self, run, kind, **fields):
        with transaction.atomic():
            journal.append(kind(conversation_id=str(self.conversation.pk), run_id=str(run.pk), **fields), run=run)


def whole_story(owner, **how):
    """Every type of event: messages queued, edited, removed and steered, an approved and a rejected change, and a run
    that failed."""
    story = Story(owner, **how)
    first = story.ask()
    story.begin(first)
    story.think(first, 0)
    call = story.wish(first)
    queued = story.ask("and its logs?")
    story.answer(call)
    story.edit(queued, "and its newest logs?")
    steered, removed = story.ask("leave the database alone"), story.ask("never mind")
    story.edit(steered, "leave the database as it is")
    story.remove(removed)
    change = story.wish(first, "k8s_scale", "CHANGE", "Scale frontend to 3", replicas=3)
    void = story.request(change)
    story.decide(void, "void", by=owner.username, reason="Edited.")
    story.edit_call(change, void, owner.username, replicas=2)
    approval = story.request(change)
    story.decide(approval, "approved", by=owner.username, reason="go ahead")
    story.answer(change, "deployment.apps/frontend scaled")
    story.steer(steered, first)
    story.rename(story.conversation.title)
    story.say(first, 1)
    story.end(first)
    story.begin(queued)
    story.notice(queued)
    removal = story.wish(queued, "k8s_delete", "DESTROY", "Delete job report")
    story.decide(story.request(removal), "rejected", by=owner.username)
    story.answer(removal, "Rejected, so nothing was done.", "denied")
    story.fail(queued)
    story.end(queued, "failed")
    return story
