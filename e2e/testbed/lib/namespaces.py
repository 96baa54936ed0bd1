"""Enters the Linux namespaces of a running testbed.

A process started here is a real child of the caller: its pid, as the caller sees it, is the process itself and not a
wrapper, so that it can be stopped, frozen and waited for; and it dies with the testbed, being in its pid namespace.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def _check(result: int) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def die_with_parent() -> None:
    """For preexec_fn: the child is killed when the thread that started it ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


def _enter(descriptor: int) -> None:
    _check(_libc.setns(descriptor, 0))


def is_inside(init_net: str) -> bool:
    """Whether the caller is in the network namespace of that name (as /proc/PID/ns/net reads)."""
    return os.readlink("/proc/self/ns/net") == init_net


def popen(init_pid: int | None, argv: Sequence[str | Path], *, cwd: Path | str | None = None,
          env: Mapping[str, str] | None = None, stdin: int | IO[Any] | None = subprocess.DEVNULL,
          stdout: int | IO[Any] | None = None, stderr: int | IO[Any] | None = None, pass_fds: Sequence[int] = (),
          new_session: bool = False, prepare: Callable[[], None] | None = None) -> subprocess.Popen[Any]:
    """Starts argv in all namespaces of the process init_pid (None: the caller's own); prepare runs in the child before it."""
    here = os.getcwd() if cwd is None else cwd
    with contextlib.ExitStack() as stack:
        def opened(path: str) -> int:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            return descriptor

        others = [opened(f"/proc/{init_pid}/ns/{name}") for name in ("ipc", "uts", "net", "mnt")] if init_pid else []
        if init_pid:
            own = opened("/proc/thread-self/ns/pid_for_children")
            _enter(opened(f"/proc/{init_pid}/ns/pid"))  # only children of this thread are born there, until it is taken back
            stack.callback(_enter, own)

        def in_child() -> None:
            for descriptor in others:
                _enter(descriptor)
            os.chdir(here)  # a new mount namespace resets it
            if prepare:
                prepare()

        return subprocess.Popen([str(arg) for arg in argv], env=env, stdin=stdin, stdout=stdout, stderr=stderr,
                                pass_fds=pass_fds, start_new_session=new_session, preexec_fn=in_child)


def inner_pid(pid: int) -> int:
    """The pid that a process has in its own, innermost pid namespace."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    raise ProcessLookupError(pid)


def outer_pids(init_pid: int) -> dict[int, int]:
    """Of every process in the pid namespace of init_pid: the inner pid and the one that the caller sees."""
    wanted = os.readlink(f"/proc/{init_pid}/ns/pid")
    found: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/pid") == wanted:
                found[inner_pid(int(entry))] = int(entry)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it ended meanwhile, or is not ours to see
    return found
