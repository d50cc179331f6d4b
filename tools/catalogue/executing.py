"""Runs a command in a container: no shell of ours, a list of words, a time limit, an exit code."""

from pydantic import Field

from tools import pods
from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Conflict
from tools.kube.execution import execute
from tools.kube.resources import valid_container
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool


class ExecArguments(Arguments):
    pod: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    command: list[str] = Field(
        description='Words, not a shell line: ["ls", "-l", "/tmp"].', min_length=1, max_length=100
    )
    container: str | None = Field(None, description="Left out: the first.")
    timeout_seconds: int = Field(20, ge=1, le=60)


async def run_command(client: KubeClient, asked: ExecArguments) -> Result:
    """data: {"pod", "container", "exit_code": int, "stdout": str, "stderr": str, "cut": bool}."""
    target = await exact(client, "v1/pods", asked.pod, asked.namespace)
    container = _container(await read(client, target), asked.container)
    client.wrote = True
    ran = await execute(client.transport, client.permit, target, container, asked.command, float(asked.timeout_seconds))
    data = {
        "pod": asked.pod,
        "container": container,
        "exit_code": ran.exit_code,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
        "cut": ran.cut,
    }
    lines = counted(len(ran.stdout.splitlines()), "line")
    header = f"{asked.command[0]} in {asked.pod} ({container}) ended with exit code {ran.exit_code}, {lines} of output."
    body = ran.stdout.rstrip("\n") + (f"\n== stderr\n{ran.stderr.rstrip()}" if ran.stderr.strip() else "")
    return Result(header + (" Output cut at 64 KiB." if ran.cut else ""), body.strip("\n"), data)


def _container(pod: Object, wanted: str | None) -> str:
    running = [c["name"] for c in pods.containers(pod) if c["role"] == "main" and c["state"] == "running"]
    if wanted and valid_container(wanted) in running:
        return wanted
    known = [container["name"] for container in pods.containers(pod)]
    if wanted and wanted not in known:
        raise BadInput(f'There is no container "{wanted}". Containers here: {", ".join(known)}.')
    if wanted or not running:
        raise Conflict(
            f"{wanted or 'No container of the pod'} is{' not' if wanted else ''} running: nothing can be run."
        )
    return str(running[0])


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pod_exec",
        title="Run a command",
        description="Runs a command in a container and returns output and exit code.",
        effect=Effect.EXECUTE,
        arguments=ExecArguments,
        run=run_command,
        intent=lambda asked: f"Run {' '.join(asked.command)[:80]} in {asked.pod} in {asked.namespace}",
    ),
)
