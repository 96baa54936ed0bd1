"""Waiting for a condition: looks again every fifth of a second, and says what it last saw when the time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_pause = threading.Event()  # never set: its wait is the pause between two looks


def eventually(what: str, look: Callable[[], T], good: Callable[[T], bool] = bool, seconds: float = 30) -> T:
    """The first value that is good. AssertionError with the last value, or the last error, when none was in time; one that the
    look itself raises ends the wait."""
    end = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            value = look()
            if good(value):
                return value
            last = value
        except AssertionError:
            raise
        except Exception as error:  # the thing may not be there yet: the message carries it if it never comes
            last = repr(error)
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {last}")
        _pause.wait(0.2)


def never(what: str, look: Callable[[], T], bad: Callable[[T], bool], seconds: float) -> None:
    """Looks for the time given, and fails at the first bad value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = look()
        assert not bad(value), f"{what}: {value}"
        _pause.wait(0.2)
