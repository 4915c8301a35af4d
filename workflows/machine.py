"""The course of a case: received → verify → collect → respond → closed, with the gate of every step.

`COURSE` is the law as a table: one row a step, in the order of a case's life, with what must be true before it.
`advance` takes one step and raises `IllegalTransition` for any other. States are paths: `verify.person` is the state
`verify`, waiting for the person; `verify` alone waits for nobody. `python -m workflows.machine` prints the diagram,
`python -m workflows.machine table` the table.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from transitions.extensions.nesting import HierarchicalMachine, NestedState

START, CLOSED = "received", "closed"
WAITING: dict[str, dict[str, str]] = {
    "received": {},
    "verify": {"person": "the person shows who they are", "staff": "staff check who is asking"},
    "collect": {
        "processor": "processors look up their records",
        "staff": "a task is with staff",
        "person": "the person makes the request clear",
        "copy": "an erasure waits until the copy was delivered",
    },
    "respond": {
        "staff": "the draft is with staff",
        "sending": "the letter is leaving",
        "delivery": "48 hours without a bounce",
    },
    "closed": {},
}
"""The states in order, and what each may wait for. `sending` is no waiting word to the outside: see `state_of`."""

ANSWERS = ("granted", "partly", "refused", "nothing_found")
OUTCOMES = (*ANSWERS, "withdrawn", "not_identified", "superseded")
IDENTITIES = ("none", "known_address", "loop", "facts", "shielded_id", "staff")

VERIFY = ("verify", "verify.person", "verify.staff")
COLLECT = ("collect.processor", "collect.staff", "collect.person", "collect.copy")
COLLECTING = ("collect.processor", "collect.staff")
DRAFTING = ("respond", "respond.staff")
UNANSWERED = ("received", *VERIFY, *COLLECT, *DRAFTING)
SAME = "="


class IllegalTransition(Exception):
    """A step that the course of a case does not allow; the sentence says what is possible or what is missing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row: on `trigger` a case goes from one of `sources` to `to` ("=" stays), when the `gate` is met.

    `needs` names the facts that the caller must state; each must be true, not empty, and, when `allowed` lists values
    for it, one of these. Steps that may come at nearly any time stand in the table, not in the diagram.
    """

    trigger: str
    sources: tuple[str, ...]
    to: str
    gate: str
    needs: tuple[str, ...] = ()
    any_time: bool = False


ALLOWED: dict[str, tuple[str, ...]] = {"means": IDENTITIES, "outcome": ANSWERS}

COURSE: tuple[Step, ...] = (
    Step(
        "check",
        ("received",),
        "verify",
        "The day of receipt is fixed, the right is named, the binding date is computed, the receipt is written or "
        "barred (machine mail), and what the right does at once is done.",
    ),
    Step(
        "ask_person",
        ("verify", "verify.staff"),
        "verify.person",
        "There is doubt about who is asking; the lightest question that can settle it is written. Never an identity "
        "document by default (AVG art. 12(6)).",
    ),
    Step("ask_staff", ("verify", "verify.person"), "verify.staff", "The program cannot tell who is asking."),
    Step(
        "identified",
        VERIFY,
        "collect.processor",
        "The means by which the person is known are on record with their date, or the right needs none.",
        ("means",),
    ),
    Step(
        "not_identified",
        VERIFY,
        CLOSED,
        "The person was reminded on day 7 and 14, and the closing letter with Autoriteit Persoonsgegevens and court "
        "route was sent on or before the binding date (AVG art. 11(2), 12(2), 12(4)).",
        ("letter",),
    ),
    Step("task_opened", ("collect.processor",), "collect.staff", "Only people can get this answer; a task is written."),
    Step("task_done", ("collect.staff",), "collect.processor", "Staff answered: found, nothing, or why not."),
    Step(
        "ask_clarification",
        COLLECTING,
        "collect.person",
        "It is unclear what is asked; the question is written within two working days of receipt. The term runs on.",
    ),
    Step("clarified", ("collect.person",), "collect.processor", "The person answered, or the question is dropped."),
    Step(
        "awaiting_copy",
        COLLECTING,
        "collect.copy",
        "The same request asks a copy too: first stop, then copy, then delete.",
    ),
    Step(
        "copy_delivered",
        ("collect.copy",),
        "collect.processor",
        "The copy was delivered: 48 hours without a bounce, or its case is closed.",
    ),
    Step(
        "collected",
        COLLECTING,
        "respond",
        "Every processor has an answer: found, nothing, done, kept, or impossible with the reason.",
        ("all_answered",),
    ),
    Step(
        "draft_ready",
        (*COLLECTING, *DRAFTING),
        "respond.staff",
        "Every processor has an answer, the letter holds all that the law asks of it, and other people's data were "
        "looked at.",
        ("all_answered",),
    ),
    Step(
        "refusal_ready",
        (*VERIFY, *COLLECT, *DRAFTING),
        "respond.staff",
        "Staff gave the reason; the letter carries it with the article, the facts, the Autoriteit Persoonsgegevens and "
        "the court route (AVG art. 12(4)).",
        ("reason",),
    ),
    Step(
        "approved",
        ("respond.staff",),
        "respond.sending",
        "A listed member of staff approved this very draft by its code; the recipient is the address on file or "
        "another proven one; the letter passed the checks.",
        ("approved_by",),
    ),
    Step(
        "declined",
        ("respond.staff",),
        "collect.processor",
        "Staff said no and why; the reason is kept and the term runs on.",
        ("reason",),
    ),
    Step("sent", ("respond.sending",), "respond.delivery", "The letter was found in Sent Items."),
    Step(
        "unsent",
        ("respond.sending",),
        "respond.staff",
        "The letter was refused, or nobody can tell whether it left; a person looks. It is never sent blindly again.",
    ),
    Step(
        "delivered",
        ("respond.delivery",),
        CLOSED,
        "48 hours without a bounce; recipients are told (AVG art. 19); the dates of purging are set.",
        ("outcome",),
    ),
    Step("bounced", ("respond.delivery", CLOSED), "respond.staff", "The answer came back; staff decide what to do."),
    Step(
        "extended",
        (*VERIFY, *COLLECT, *DRAFTING),
        SAME,
        "A reason of AVG art. 12(3) from the closed list; the letter with the reason and the new date was sent on or "
        "before the binding date.",
        ("reason", "on_time"),
        any_time=True,
    ),
    Step(
        "taken_over",
        ("received", *VERIFY),
        "verify.staff",
        "Staff lead the case themselves; the term stays watched.",
        ("taken_by",),
        any_time=True,
    ),
    Step(
        "taken_over",
        (*COLLECT, *DRAFTING),
        "collect.staff",
        "Staff lead the case themselves; the term stays watched.",
        ("taken_by",),
        any_time=True,
    ),
    Step("handed_back", ("verify.staff",), "verify", "Staff give the case back.", any_time=True),
    Step("handed_back", ("collect.staff",), "collect.processor", "Staff give the case back.", any_time=True),
    Step(
        "settled",
        ("verify.staff", "collect.staff"),
        CLOSED,
        "Staff answered the person themselves and say what the answer was.",
        ("outcome", "settled_by"),
        any_time=True,
    ),
    Step(
        "withdrawn",
        UNANSWERED,
        CLOSED,
        "A proven party says so in the thread of the request; it is confirmed to them.",
        ("proven",),
        any_time=True,
    ),
    Step(
        "superseded",
        UNANSWERED,
        CLOSED,
        "Another case of the same person takes its place; the journal names it.",
        ("by_case",),
        any_time=True,
    ),
    Step(
        "reopened",
        (CLOSED,),
        "collect.staff",
        "Staff say so: the person objects to the answer. A chaser is a complaint, a new scope a new request.",
        ("reason",),
    ),
    Step(
        "resumed",
        (CLOSED,),
        "verify",
        "The case was closed because nobody showed who was asking, and now they do (AVG art. 12(2)).",
        ("was_not_identified",),
    ),
)

STATES = tuple(
    path
    for state, inside in WAITING.items()
    for path in (state, *(f"{state}.{each}" for each in inside))
    if any(path in (*step.sources, step.to) for step in COURSE)
)
"""All paths that a case can have."""

FIXED_OUTCOMES = {name: name for name in ("not_identified", "withdrawn", "superseded")}


@dataclass(slots=True)
class _Case:
    """What `transitions` moves."""

    state: str


class _State(NestedState):
    separator = "."


class _Machine(HierarchicalMachine):
    state_cls = _State


_LOCK = Lock()  # a HierarchicalMachine keeps its place in itself while it moves a case


@cache
def _machine() -> _Machine:
    machine = _Machine(
        model=None,
        states=[{"name": name, "children": list(inside)} if inside else name for name, inside in WAITING.items()],
        initial=START,
        auto_transitions=False,
    )
    for step in COURSE:
        to = step.to
        machine.add_transition(step.trigger, list(step.sources), None if to == SAME else to, conditions=_gate(step))
    return machine


def _gate(step: Step) -> Callable[..., bool]:
    """What `transitions` asks before the step: raises IllegalTransition when a fact is missing or unknown."""

    def met(**facts: Any) -> bool:
        for name in step.needs:
            value = facts.get(name)
            if not value:
                raise IllegalTransition(f"{step.trigger!r} needs the fact {name!r}: {step.gate}")
            if name in ALLOWED and value not in ALLOWED[name]:
                raise IllegalTransition(f"{step.trigger!r}: {name} is one of {', '.join(ALLOWED[name])}, not {value!r}")
        return True

    return met


@cache
def possible(state: str) -> tuple[str, ...]:
    """The triggers that this state knows, in the order of the table. Raises IllegalTransition for an unknown state."""
    if state not in STATES:
        raise IllegalTransition(f"{state!r} is no state of a case; states are {', '.join(STATES)}")
    return tuple(dict.fromkeys(step.trigger for step in COURSE if state in step.sources))


def advance(state: str, trigger: str, **facts: Any) -> str:
    """The state after one step. `facts` are what the step's gate needs (`Step.needs`).

    Raises IllegalTransition for a step that this state does not know or whose gate is not met.
    """
    if trigger not in possible(state):
        steps = ", ".join(possible(state))
        raise IllegalTransition(f"a case in {state!r} does not know {trigger!r}; possible are {steps}")
    case = _Case(state)
    with _LOCK:
        _machine().trigger_event(case, trigger, **facts)
    return case.state


def outcome_of(trigger: str, **facts: Any) -> str | None:
    """The outcome with which a step closes a case: its own for some, the `outcome` that staff decided for others."""
    closing = next((step for step in COURSE if step.trigger == trigger and step.to == CLOSED), None)
    if closing is None:
        return None
    return FIXED_OUTCOMES.get(trigger) or str(facts["outcome"])


def state_of(path: str) -> tuple[str, str | None]:
    """State and waiting word as other systems see them: `respond.sending` waits for nobody."""
    if path not in STATES:
        raise IllegalTransition(f"{path!r} is no state of a case; states are {', '.join(STATES)}")
    state, _, inside = path.partition(".")
    return state, inside if inside and inside != "sending" else None


def diagram() -> str:
    """The Mermaid diagram: steps inside a state, and steps between states, since Mermaid draws none between insides."""
    lines = ["stateDiagram-v2", f"    [*] --> {START}"]
    for state, inside in WAITING.items():
        if inside:
            lines.append(f"    state {state} {{")
            lines += [f"        {state}_{word}: {says}" for word, says in inside.items()]
            lines += [f"        {arrow}" for arrow in _arrows(state)]
            lines.append("    }")
    lines += [f"    {arrow}" for arrow in _arrows()]
    return "\n".join([*lines, f"    {CLOSED} --> [*]"]) + "\n"


def _arrows(within: str | None = None) -> list[str]:
    """The arrows inside one state, or between states; one for each pair of names, with all their triggers."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in COURSE:
        if step.any_time:
            continue
        for source in step.sources:
            if within and _top(source) == _top(step.to) == within and source != step.to:
                arrows.setdefault((_inner(source), _inner(step.to)), []).append(step.trigger)
            elif not within and _top(source) != _top(step.to):
                arrows.setdefault((_top(source), _top(step.to)), []).append(step.trigger)
    return [f"{source} --> {to}: {', '.join(dict.fromkeys(found))}" for (source, to), found in arrows.items()]


def _top(path: str) -> str:
    return path.partition(".")[0]


def _inner(path: str) -> str:
    """A path inside its state as Mermaid names it; the state alone is where its inside starts."""
    return path.replace(".", "_") if "." in path else "[*]"


def table() -> str:
    """The table as Markdown, for the person who answers for it."""
    lines = ["| step | from | to | may only be taken when |", "|---|---|---|---|"]
    for step in COURSE:
        to = "the same" if step.to == SAME else f"`{step.to}`"
        lines.append(f"| `{step.trigger}` | {_folded(step.sources)} | {to} | {step.gate} |")
    return "\n".join(lines) + "\n"


def _folded(sources: tuple[str, ...]) -> str:
    """Sources in words; a state with all its inside is named once."""
    found: list[str] = []
    for state, inside in WAITING.items():
        here = [path for path in sources if path.partition(".")[0] == state]
        whole = inside and all(f"{state}.{word}" in here for word in inside)
        found += [f"`{state}` (any)"] if whole else [f"`{path}`" for path in here]
    return ", ".join(found)


if __name__ == "__main__":
    print(table() if "table" in sys.argv[1:] else diagram(), end="")
