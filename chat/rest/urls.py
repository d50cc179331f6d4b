"""Addresses of the REST door, and its description of itself."""

from django.urls import path
from ninja import NinjaAPI

from chat.rest import (
    approvals,
    audit,
    chat,
    clusters,
    conversations,
    events,
    health,
    messages,
    metrics,
    policy,
    runs,
    servers,
    shares,
    tools,
    usage,
)
from chat.rest.door import answer_faults

v1 = NinjaAPI(title="K8s MCP", version="1", urls_namespace="v1", docs_url="/docs", openapi_url="/openapi.json")
for prefix, router in (
    ("/conversations", conversations.router),
    ("/conversations", messages.router),
    ("/conversations", events.router),
    ("/conversations", shares.router),
    ("/runs", runs.router),
    ("/approvals", approvals.router),
    ("/tools", tools.router),
    ("/tool-calls", tools.results),
    ("/clusters", clusters.router),
    ("/policy", policy.router),
    ("/mcp-servers", servers.router),
    ("/audit", audit.router),
    ("/usage", usage.router),
):
    v1.add_router(prefix, router)
answer_faults(v1)

fallback = NinjaAPI(version="fallback", urls_namespace="fallback", docs_url=None, openapi_url=None)
fallback.add_router("", chat.router)
answer_faults(fallback)

urlpatterns = [
    path("api/v1/", v1.urls),
    path("api/chat/", fallback.urls),
    path("api/health", health.readyz, name="health"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
