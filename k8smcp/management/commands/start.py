"""`start`: everything `make run` promises, in one process: database, clusters, first administrator, server."""

import os
import signal
import socket
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from chat.actions import people, restores, sign_in
from chat.audit import door
from chat.errors import PortalError
from k8smcp.environment import Environment
from tools import clusters
from tools.demo.process import DemoClusterFailed
from tools.kube.errors import KubeError

LARGEST_FRAME = (
    1 << 20
)  # bytes a socket takes in; from 64 KiB on a frame is answered with an error (chat/web/frames.py)
GRACE = 20  # seconds open requests may take when the portal is told to stop


class Command(BaseCommand):
    help = "Prepares the database and the clusters, prints a sign-in link, and serves the portal on HOST:PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=1, help="Web processes (1). More than one needs REDIS_URL.")
        parser.add_argument("--prepare", action="store_true", help="Prepare, print the link, serve nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        workers = options["workers"]
        if workers < 1:
            raise CommandError("--workers accepts a whole number from 1.")
        if workers > 1 and not settings.REDIS_URL:
            raise CommandError(
                "Several web processes need REDIS_URL: without it they cannot tell each other what is new."
            )
        if not options["prepare"]:
            self._check_port()
        banner = self._prepare()
        if options["prepare"]:
            self._tell(banner)
        elif workers == 1:
            self._serve(banner)
        else:
            self._serve_many(banner, workers)

    def _check_port(self) -> None:
        """A taken port is a sentence, not a trace after a long start."""
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, settings.PORT))
            except OSError as fault:
                place = f"{settings.HOST}:{settings.PORT}"
                raise CommandError(f"{place} cannot be used ({fault.strerror}): set HOST or PORT.") from fault

    @door.through("terminal")
    def _prepare(self) -> str:
        """Returns what to tell the person at the terminal."""
        try:
            call_command("migrate", verbosity=0, interactive=False)
            async_to_sync(restores.look)()
        except OperationalError as fault:
            raise CommandError(f"DATABASE_URL: the database cannot be opened ({first_line(fault)}).") from fault
        try:
            registered = clusters.register_at_start()
            admin, by_password = people.first_administrator(Environment().text("K8SMCP_ADMIN_PASSWORD"))
        except (KubeError, DemoClusterFailed) as fault:
            raise CommandError(f"No cluster could be registered. {fault}") from fault
        except PortalError as fault:
            raise CommandError(f"K8SMCP_ADMIN_PASSWORD: {fault}") from fault
        by_link = "" if by_password else f"sign-in/{sign_in.link(admin)}"
        host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
        way_in = f"http://{host}:{settings.PORT}/{by_link or '  (admin, K8SMCP_ADMIN_PASSWORD)'}"
        with_model = settings.K8SMCP_PROVIDER == "anthropic"
        model = settings.K8SMCP_MODEL if with_model else f"none ({settings.K8SMCP_PROVIDER})"
        names = ", ".join(cluster.name for cluster in registered) or "none"
        return f"\n  K8s MCP is ready.\n\n  Sign in   {way_in}\n  Clusters  {names}\n  Model     {model}\n"

    def _tell(self, banner: str) -> None:
        """At once, also into a file or a pipe."""
        self.stdout.write(banner)
        self.stdout.flush()

    def _serve(self, banner: str) -> None:
        import uvicorn

        class Announced(uvicorn.Server):
            """Prints the link when it can be followed, not before."""

            async def startup(server, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if server.started:
                    self._tell(banner)

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, _leave)  # uvicorn raises what it had caught once more, after its end
        Announced(uvicorn.Config("k8smcp.asgi:application", **_options())).run()

    def _serve_many(self, banner: str, workers: int) -> None:
        import uvicorn

        self._tell(banner)
        uvicorn.run("k8smcp.asgi:application", workers=workers, **_options())


def _leave(*_: object) -> None:
    """A portal that was told to stop and did has not failed."""
    raise SystemExit(0)


def first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0].rstrip(".") or type(fault).__name__


def _options() -> dict[str, Any]:
    return {
        "host": settings.HOST,
        "port": settings.PORT,
        "ws": "websockets-sansio",
        "ws_max_size": LARGEST_FRAME,
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": GRACE,
        "log_level": os.environ.get("UVICORN_LOG_LEVEL", "warning"),
        "server_header": False,
        "log_config": None,  # LOGGING's: its formatter masks what is secret
    }
