"""The pulse of a running bot: whatever gets on beats, and a second thread ends a process whose pulse has stopped.

A process that hangs holds the lock of the store and looks alive from outside. It is ended without ceremony, since a
kill loses nothing (`docs/reliability.md`), and the service manager starts it anew; work that hung it each time is dead
after `work.MOST_TRIES` and is told to staff.
"""

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

SILENT_FOR = 300.0  # seconds of real time without a step
BREATH = 30.0  # seconds: the longest wait without a beat
HUNG = 70  # the exit code (EX_SOFTWARE of sysexits.h)

log = structlog.get_logger("privacybot")


class Pulse:
    """When the last step was, in real time. Thread-safe."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Notes a step."""
        self._last = time.monotonic()

    def silent(self) -> float:
        """Seconds since the last step."""
        return time.monotonic() - self._last

    def sleep(self, seconds: float) -> None:
        """Waits, which is a step as well: a Retry-After of minutes is no standstill."""
        while seconds > 0:
            self.beat()
            time.sleep(min(seconds, BREATH))
            seconds -= BREATH
        self.beat()

    @contextmanager
    def watched(self, within: float = SILENT_FOR, end: Callable[[int], object] = os._exit) -> Iterator[None]:
        """While the block runs, a thread ends the process with `HUNG` when no step was made for `within` seconds.

        What each thread was at (files and lines, no words) is printed to stderr first.
        """
        over = threading.Event()

        def watch() -> None:
            while not over.wait(min(5.0, within / 4)):
                if self.silent() > within:
                    log.error("no step was made: this process ends, to be started anew", seconds=round(self.silent()))
                    faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
                    end(HUNG)
                    return

        self.beat()
        thread = threading.Thread(target=watch, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
