"""Addresses of the pages."""

from django.urls import path

from chat.web.pages import (approvals, cluster, clusters, conversation, help, messages, policy, policy_ask, policy_rules, report, runs, sign_in, tools, welcome)

urlpatterns = [
    path("", welcome.show, name="portal"),
    path("conversations", conversation.listing, name="conversations"),
    path("c/<uuid:conversation_id>", conversation.show, name="conversation"),
    path("c/<uuid:conversation_id>/messages", messages.send, name="message-send"),
    path("c/<uuid:conversation_id>/title", conversation.rename, name="conversation-rename"),
    path("c/<uuid:conversation_id>/sharing", conversation.share, name="conversation-share"),
    path("c/<uuid:conversation_id>/deletion", conversation.delete, name="conversation-delete"),
    path("c/<uuid:conversation_id>/report", report.show, name="conversation-report"),
    path("runs/stop", runs.stop, name="run-stop"),
    path("approvals", approvals.listing, name="approvals"),
    path("approvals/decision", approvals.decide, name="approval-decide"),
    path("approvals/<uuid:approval_id>", approvals.show, name="approval"),
    path("clusters", clusters.listing, name="clusters"),
    path("clusters/registration", cluster.register, name="cluster-registration"),
    path("clusters/<path:name>/access", cluster.show, name="cluster"),
    path("clusters/<path:name>/mine", cluster.mine, name="cluster-mine"),
    path("clusters/<path:name>/account", cluster.account, name="cluster-account"),
    path("clusters/<path:name>/settings", cluster.settings, name="cluster-settings"),
    path("clusters/<path:name>/map", cluster.change_map, name="cluster-map"),
    path("clusters/<path:name>/deletion", cluster.delete, name="cluster-delete"),
    path("clusters/<path:name>/state", clusters.state, name="cluster-state"),
    path("policy", policy.listing, name="policy"),
    path("policy/ask", policy_ask.show, name="policy-ask"),
    path("policy/rule", policy_rules.write, name="policy-rule-new"),
    path("policy/rule/<slug:name>", policy_rules.change, name="policy-rule"),
    path("policy/rule/<slug:name>/removal", policy_rules.remove, name="policy-rule-remove"),
    path("policy/grants", policy.give, name="policy-grant"),
    path("policy/grants/<int:grant_id>/revocation", policy.revoke, name="policy-grant-revoke"),
    path("policy/clusters", policy.mark, name="policy-mark"),
    path("tools", tools.listing, name="tools"),
    path("model", help.model, name="model"),
    path("promises", help.promises, name="promises"),
    path("sign-in", sign_in.by_password, name="sign-in"),
    path("sign-in/<str:token>", sign_in.by_link, name="sign-in-link"),
    path("sign-out", sign_in.out, name="sign-out"),
]
