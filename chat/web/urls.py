"""Addresses of the pages."""

from django.urls import path

from chat.web.pages import approvals, budgets, clusters, conversation, help, messages, runs, sign_in, tools, welcome

urlpatterns = [
    path("", welcome.show, name="portal"),
    path("conversations", conversation.listing, name="conversations"),
    path("c/<uuid:conversation_id>", conversation.show, name="conversation"),
    path("c/<uuid:conversation_id>/messages", messages.send, name="message-send"),
    path("c/<uuid:conversation_id>/title", conversation.rename, name="conversation-rename"),
    path("c/<uuid:conversation_id>/sharing", conversation.share, name="conversation-share"),
    path("c/<uuid:conversation_id>/deletion", conversation.delete, name="conversation-delete"),
    path("runs/stop", runs.stop, name="run-stop"),
    path("approvals", approvals.listing, name="approvals"),
    path("approvals/decision", approvals.decide, name="approval-decide"),
    path("approvals/<uuid:approval_id>", approvals.show, name="approval"),
    path("clusters", clusters.listing, name="clusters"),
    path("clusters/<path:name>/state", clusters.state, name="cluster-state"),
    path("budgets", budgets.listing, name="budgets"),
    path("budgets/set", budgets.put, name="budget-put"),
    path("budgets/<int:budget_id>/removal", budgets.remove, name="budget-remove"),
    path("tools", tools.listing, name="tools"),
    path("model", help.model, name="model"),
    path("sign-in", sign_in.by_password, name="sign-in"),
    path("sign-in/<str:token>", sign_in.by_link, name="sign-in-link"),
    path("sign-out", sign_in.out, name="sign-out"),
]
