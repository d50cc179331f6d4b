"""The incident report of one conversation: a page to read and to print, and the same as Markdown."""

import uuid

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from chat.audit import report
from chat.web import report_markdown
from chat.web.door import SignedIn, page


@page("GET", "HEAD")
def show(request: SignedIn, conversation_id: uuid.UUID) -> HttpResponseBase:
    told = report.of(report.find(request.user, conversation_id))
    if request.GET.get("format") == "md":
        name = f'attachment; filename="incident-{conversation_id}.md"'
        text = report_markdown.written(told)
        return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers={"Content-Disposition": name})
    return render(request, "chat/pages/report.html", {"report": told, "conversation": told.conversation})
