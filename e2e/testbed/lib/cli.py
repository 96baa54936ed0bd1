"""The commands of this folder; each is a link to one program, which does what its name says."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import instance, namespaces, parts
from . import selftest as checks
from .cache import ROOT, BuildError, ensure_all
from .layout import Layout, instances
from .testbed import Testbed

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
SI_KERNEL = 0x80


def _parser(command: str, about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=command, description=about)
    parser.add_argument("--name", default=os.environ.get("PENSTOCK_TESTBED", "default"), help="which instance (%(default)s)")
    return parser


def up(arguments: list[str]) -> int:
    parser = _parser("up", "Builds what is missing and starts an instance.")
    parser.add_argument("--profile", choices=list(parts.PROFILES), default="node")
    parser.add_argument("--keda", action="store_true", help="with KEDA's operator and metrics server")
    parser.add_argument("--hpa-sync", default="5s", metavar="TIME", help="how often the autoscaler looks (%(default)s)")
    parser.add_argument("--hold", action="store_true", help="stay here and end the instance on Ctrl-C or SIGTERM")
    options = parser.parse_args(arguments)
    testbed = Testbed(options.name, options.profile, options.keda, options.hpa_sync)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        testbed.up(detach=not options.hold, progress=print)
        print(f"export KUBECONFIG={testbed.kubeconfig}", flush=True)
        if options.hold:
            _hold(testbed)
    except KeyboardInterrupt:
        return 130
    finally:
        if options.hold:
            testbed.down()
    return 0


def _hold(testbed: Testbed) -> None:
    """Prints what happens until the instance has ended."""
    print("running; Ctrl-C ends it", flush=True)
    shown = len(testbed.timeline())
    while instance.supervisor_pid(testbed.layout):
        time.sleep(0.5)
        for line in (lines := testbed.timeline())[shown:]:
            print(line, flush=True)
        shown = len(lines)


def down(arguments: list[str]) -> int:
    parser = _parser("down", "Ends an instance and removes every trace of it.")
    parser.add_argument("--keep-logs", type=Path, metavar="DIRECTORY", help="copy the logs there first")
    options = parser.parse_args(arguments)
    Testbed(options.name).down(options.keep_logs)
    return 0


def status(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="status", description="Shows what runs.")
    parser.add_argument("--name", help="this instance only")
    options = parser.parse_args(arguments)
    names = [options.name] if options.name else instances()
    for name in names:
        _show(name)
    if not names:
        print("no testbed is up")
    return 0


def _show(name: str) -> None:
    layout = Layout(name)
    pid = instance.supervisor_pid(layout)
    if pid is None or not layout.state_file.exists():
        print(f"{name}: not up" + (f" (left behind: {layout.root}; `down --name {name}` removes it)" if layout.root.exists() else ""))
        return
    testbed = Testbed.attach(name)
    state = testbed.state
    print(f"{name}: profile {state['profile']}, supervisor {pid}, PID 1 {state['init']}")
    print(f"  kubeconfig {testbed.kubeconfig} (https://127.0.0.1:{state['port']})\n  logs {layout.log}")
    for component, number in testbed.components().items():
        print(f"  {component:28} {number if number is not None else 'ended'}")
    for line in testbed.timeline():
        print(f"  {line}")


def kubectl(arguments: list[str]) -> int:
    name, rest = _take_name(arguments)
    testbed = Testbed.attach(name)
    program = parts.CONTROL_PLANE.ensure() / "kubectl"
    os.execve(program, ["kubectl", *rest], {**os.environ, "KUBECONFIG": str(testbed.kubeconfig)})


def logs(arguments: list[str]) -> int:
    parser = _parser("logs", "Lists the logs, or shows one.")
    parser.add_argument("component", nargs="?")
    parser.add_argument("-f", "--follow", action="store_true")
    options = parser.parse_args(arguments)
    folder = Layout(options.name).log
    if not options.component:
        for path in sorted(folder.glob("*.log")):
            print(f"{path.stem:28} {path.stat().st_size:10} bytes  {path}")
        return 0
    tail = ["tail", "-n", "+1", *(["-F"] if options.follow else []), str(folder / f"{options.component}.log")]
    os.execvp("tail", tail)


def inside(arguments: list[str]) -> int:
    """Runs a command in the namespaces; forwards signals, ends with its code, and takes it along when killed."""
    name, command = _take_name(arguments)
    if not command:
        print("usage: in [--name NAME] [--] COMMAND...", file=sys.stderr)
        return 2
    testbed = Testbed.attach(name)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*FORWARDED, signal.SIGCHLD})

    def prepare() -> None:
        namespaces.die_with_parent()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*FORWARDED, signal.SIGCHLD})

    if sys.stdin is None:  # closed: what is opened next would get its number and be taken for it
        os.open(os.devnull, os.O_RDONLY)
    try:
        process = testbed.run_inside(command, stdin=0, prepare=prepare)
    except (FileNotFoundError, PermissionError) as error:
        print(f"in: {error}", file=sys.stderr)
        return 127
    while process.poll() is None:
        arrived = signal.sigwaitinfo({*FORWARDED, signal.SIGCHLD})
        # What the terminal sends goes to the whole foreground group, the command included, already.
        if arrived.si_signo != signal.SIGCHLD and arrived.si_code != SI_KERNEL:
            process.send_signal(arrived.si_signo)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def build(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="build", description="Builds every part that is missing in the cache.")
    parser.add_argument("--list", action="store_true", help="only show the parts and their keys")
    parser.add_argument("--profile", choices=list(parts.PROFILES), help="only what this profile needs")
    options = parser.parse_args(arguments)
    wanted = parts.needed(options.profile, keda=False) if options.profile else parts.ALL
    if options.list:
        print(f"in {ROOT}")
        for part in wanted:
            print(f"  {part.path.name:44} {'there' if part.ready() else 'missing'}")
        return 0
    ensure_all(wanted)
    return 0


def load(arguments: list[str]) -> int:
    parser = _parser("load", "Puts images into the node.")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="an archive's path, or a name in podman's store")
    options = parser.parse_args(arguments)
    testbed = Testbed.attach(options.name)
    for image in options.images:
        testbed.load_image(image)
    return 0


def selftest(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="selftest", description="Shows that the testbed works, with times.")
    parser.add_argument("--name", default="selftest", help="what the instances' names begin with (%(default)s)")
    parser.add_argument("--profile", choices=list(parts.PROFILES), default="node")
    options = parser.parse_args(arguments)
    return checks.run(options.name, with_node=options.profile == "node")


def _take_name(arguments: list[str]) -> tuple[str, list[str]]:
    """Splits a leading --name NAME (and --) off a command line that is somebody else's."""
    name = os.environ.get("PENSTOCK_TESTBED", "default")
    rest = list(arguments)
    if rest[:1] == ["--name"] and len(rest) > 1:
        name, rest = rest[1], rest[2:]
    elif rest and rest[0].startswith("--name="):
        name, rest = rest[0].removeprefix("--name="), rest[1:]
    return name, rest[1:] if rest[:1] == ["--"] else rest


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "up": up, "down": down, "status": status, "kubectl": kubectl, "logs": logs, "in": inside, "build": build, "load": load,
    "selftest": selftest,
}


def main(command: str, arguments: list[str]) -> int:
    if command not in COMMANDS:
        print(f"call it as one of: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return COMMANDS[command](arguments)
    except (BuildError, LookupError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
