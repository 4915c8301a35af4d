"""Room in memory: of the threads that do work, one at a time may hold a mail of many megabytes.

A mail of 25 MB takes some 150 MB while it is read. Four at once would take what a small machine has not got.
"""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_M_MMAP_THRESHOLD = -3  # malloc.h of glibc
_BLOCK = 256 * 1024  # bytes


class Room:
    """Whose turn it is. Thread-safe; a thread that is doing no piece of work is never made to wait."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def work(self) -> Iterator[None]:
        """One piece of work: what `take` took is given back at its end."""
        self._mine.working, self._mine.has = True, False
        try:
            yield
        finally:
            self._mine.working = False
            if self._mine.has:
                self._mine.has = False
                self._one.release()

    def take(self) -> None:
        """Waits for the room, until the end of this thread's piece of work; at once when it has it already."""
        if getattr(self._mine, "working", False) and not self._mine.has:
            self._one.acquire()
            self._mine.has = True


def give_back_freed_memory() -> None:
    """Has the C library hand large freed blocks back to the system at once; glibc alone keeps them, for each thread.

    Elsewhere it does nothing: musl and macOS hand them back by themselves.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BLOCK)
