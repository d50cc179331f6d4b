"""`python -m tools.demo --home DIR --port N`: serves the demo cluster on loopback and prints its kubeconfig's path."""

import argparse
import sys
from pathlib import Path

from tools.demo.serving import PortTaken, serve


def main(arguments: list[str] | None = None) -> int:
    """Runs until interrupted; exit code 1 with a sentence when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description="Serve the demo cluster on loopback.")
    parser.add_argument("--home", type=Path, default=Path("var"), help="folder for the kubeconfig")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: a free one")
    parser.add_argument("--end-with-parent", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--journal", type=Path, help="write every request here as a line of JSON")
    options = parser.parse_args(arguments)
    try:
        parent = sys.stdin.buffer if options.end_with_parent else None
        serve(options.home, options.port, ready=announce, parent=parent, journal=options.journal)
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def announce(path: Path) -> None:
    sys.stdout.write(f"{path}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
