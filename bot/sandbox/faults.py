"""Faults on demand: what a network and a busy service do to a client, by route.

faults.add("POST", "*/send", status=504, after_effect=True)      # answered as failed, yet the mail is out
faults.add("GET", "*/messages/delta", reset="before", times=3)
faults.add("*", "*", status=503, chance=0.05, times=None)        # a bad day
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal


@dataclass(slots=True, eq=False)
class Fault:
    """One planned fault; `hits` counts how often it struck."""

    method: str
    route: str
    status: int | None = None
    code: str = ""
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    delay: float = 0.0
    reset: Literal["", "before", "after"] = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Callable[[bytes], bytes] | None = None
    after_effect: bool = False
    hits: int = 0

    @property
    def effect_happens(self) -> bool:
        """Whether the request is carried out although the client may not hear so."""
        return self.after_effect or self.reset == "after" or (self.status is None and self.reset == "")


class Faults:
    """The faults that wait for their request; the first that fits strikes."""

    def __init__(self, seed: int = 0) -> None:
        self._waiting: list[Fault] = []
        self._random = random.Random(seed)
        self._guard = threading.Lock()

    def add(
        self,
        method: str,
        route: str,
        *,
        status: int | None = None,
        code: str = "",
        times: int | None = 1,
        skip: int = 0,
        chance: float = 1.0,
        delay: float = 0.0,
        reset: Literal["", "before", "after"] = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | str | Callable[[bytes], bytes] | None = None,
        after_effect: bool = False,
    ) -> Fault:
        """Plans a fault and returns it.

        `method` and `route` are shell patterns on the method and the route's name (`*/messages/{id}/send`).
        `status` is answered, instead of the effect or, with `after_effect`, after it; `code` is Graph's error code.
        `times`: how often, None for ever; `skip`: how many fitting requests pass first; `chance`: of striking at all.
        `delay`: seconds of real time, before the effect, or with `after_effect` after it.
        `reset`: the connection is cut before or after the effect.
        `body`: replaces the body, or is a function of the true one (`lambda b: b[:20]` for truncated JSON).
        """
        plain = body.encode() if isinstance(body, str) else body
        fault = Fault(
            method, route, status, code, times, skip, chance, delay, reset, headers or {}, plain, after_effect
        )
        with self._guard:
            self._waiting.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Takes a fault back; nothing happens when it is used up."""
        with self._guard:
            if fault in self._waiting:
                self._waiting.remove(fault)

    def clear(self) -> None:
        """Takes all faults back."""
        with self._guard:
            self._waiting.clear()

    def strike(self, method: str, route: str) -> Fault | None:
        """The fault that hits this request, counted; None on a good day."""
        with self._guard:
            for fault in self._waiting:
                if not (fnmatchcase(method, fault.method) and fnmatchcase(route, fault.route)):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.chance < 1 and self._random.random() >= fault.chance:
                    continue
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                return fault
        return None
