"""The course of a case: every step of the table, and no other."""

import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows import machine
from workflows.machine import COURSE, SAME, STATES, IllegalTransition, Step, advance, outcome_of, possible, state_of

FACTS: dict[str, Any] = {
    "means": "known_address",
    "letter": 7,
    "all_answered": True,
    "reason": "staat al in uw kopie",
    "approved_by": "privacy@winkel.example",
    "outcome": "granted",
    "on_time": True,
    "taken_by": "privacy@winkel.example",
    "settled_by": "privacy@winkel.example",
    "proven": True,
    "by_case": "LES-2026-0042-2",
    "was_not_identified": True,
}
ROWS = [(step, source) for step in COURSE for source in step.sources]
TRIGGERS = sorted({step.trigger for step in COURSE})


@pytest.mark.parametrize(("step", "source"), ROWS, ids=lambda value: getattr(value, "trigger", value))
def test_each_row_of_the_table_is_a_step(step: Step, source: str) -> None:
    assert advance(source, step.trigger, **FACTS) == (source if step.to == SAME else step.to)


def test_what_is_not_in_the_table_is_refused_and_the_sentence_names_what_is_possible() -> None:
    allowed = {(source, step.trigger) for step, source in ROWS}
    for state, trigger in itertools.product(STATES, TRIGGERS):
        if (state, trigger) not in allowed:
            with pytest.raises(IllegalTransition) as refusal:
                advance(state, trigger, **FACTS)
            assert all(name in str(refusal.value) for name in (state, trigger, *possible(state)))


@pytest.mark.parametrize(
    ("step", "fact"), [(step, fact) for step in COURSE for fact in step.needs], ids=lambda v: getattr(v, "trigger", v)
)
def test_a_gate_stays_shut_without_its_fact_and_says_what_is_demanded(step: Step, fact: str) -> None:
    facts = {name: value for name, value in FACTS.items() if name != fact}
    for missing in (facts, {**facts, fact: None}, {**facts, fact: ""}, {**facts, fact: False}):
        with pytest.raises(IllegalTransition) as refusal:
            advance(step.sources[0], step.trigger, **missing)
        assert fact in str(refusal.value) and step.gate in str(refusal.value)


@pytest.mark.parametrize(("trigger", "fact"), [("identified", "means"), ("delivered", "outcome")])
def test_a_word_outside_the_contract_is_no_fact(trigger: str, fact: str) -> None:
    source = next(step.sources[0] for step in COURSE if step.trigger == trigger)
    with pytest.raises(IllegalTransition, match="not 'paspoort'"):
        advance(source, trigger, **{**FACTS, fact: "paspoort"})


@pytest.mark.parametrize("state", ["", "collect", "verify.delivery", "closed.staff", "verify person"])
def test_a_state_that_no_case_can_have_is_refused(state: str) -> None:
    with pytest.raises(IllegalTransition, match="no state of a case"):
        advance(state, "check")
    with pytest.raises(IllegalTransition, match="no state of a case"):
        state_of(state)


def test_an_access_request_of_a_known_customer_runs_from_mailbox_to_answer() -> None:
    state = machine.START
    seen = [state]
    for trigger in ("check", "identified", "draft_ready", "approved", "sent", "delivered"):
        state = advance(state, trigger, **FACTS)
        seen.append(state)
    assert seen == [
        "received", "verify", "collect.processor", "respond.staff", "respond.sending", "respond.delivery", "closed",
    ]  # fmt: skip


def test_nothing_is_answered_while_a_processor_is_silent() -> None:
    for trigger in ("collected", "draft_ready"):
        with pytest.raises(IllegalTransition, match="Every processor has an answer"):
            advance("collect.processor", trigger, all_answered=False)


def test_a_letter_that_is_leaving_cannot_be_withdrawn_or_approved_again() -> None:
    assert possible("respond.sending") == ("sent", "unsent")


def test_nobody_approves_from_outside_the_draft_with_staff() -> None:
    assert [state for state in STATES if "approved" in possible(state)] == ["respond.staff"]


def test_every_answer_passes_a_draft_that_staff_saw() -> None:
    """Without `approved` and what staff settle themselves, no course reaches an answer."""
    reached, fresh = {machine.START}, {machine.START}
    while fresh:
        fresh = {
            advance(state, trigger, **FACTS)
            for state in fresh
            for trigger in possible(state)
            if trigger not in ("approved", "settled")
        } - reached
        reached |= fresh
    assert "respond.sending" not in reached and "respond.delivery" not in reached


@given(st.lists(st.sampled_from(TRIGGERS), max_size=40))
def test_every_course_ends_in_a_known_state_from_which_closed_is_reachable(triggers: list[str]) -> None:
    state = machine.START
    for trigger in triggers:
        if trigger in possible(state):
            state = advance(state, trigger, **FACTS)
    assert state in STATES
    reached = fresh = {state}
    while fresh:
        fresh = {advance(each, trigger, **FACTS) for each in fresh for trigger in possible(each)} - reached
        reached = reached | fresh
    assert machine.CLOSED in reached


@pytest.mark.parametrize(
    ("path", "state", "waiting"),
    [
        ("received", "received", None),
        ("verify", "verify", None),
        ("verify.person", "verify", "person"),
        ("collect.copy", "collect", "copy"),
        ("respond.staff", "respond", "staff"),
        ("respond.sending", "respond", None),
        ("respond.delivery", "respond", "delivery"),
        ("closed", "closed", None),
    ],
)
def test_a_path_splits_into_the_words_that_other_systems_see(path: str, state: str, waiting: str | None) -> None:
    assert state_of(path) == (state, waiting)


def test_a_case_closes_with_the_outcome_of_its_step() -> None:
    closing = {step.trigger for step in COURSE if step.to == machine.CLOSED}
    assert {trigger: outcome_of(trigger, outcome="partly") for trigger in closing} == {
        "delivered": "partly",
        "settled": "partly",
        "withdrawn": "withdrawn",
        "not_identified": "not_identified",
        "superseded": "superseded",
    }
    assert outcome_of("approved") is None


def test_cases_advance_in_several_threads_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(advance, source, step.trigger, **FACTS) for step, source in ROWS * 5]
        assert [each.result() for each in work] == [source if step.to == SAME else step.to for step, source in ROWS * 5]


ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["docs/states.md", "README.md"])
def test_the_picture_and_the_table_in_the_documents_are_current(name: str) -> None:
    text = (ROOT / name).read_text() if (ROOT / name).exists() else ""
    for mark, made in (("diagram", f"```mermaid\n{machine.diagram()}```\n"), ("table", machine.table())):
        start, end = f"<!-- states: {mark} -->\n", f"<!-- end: {mark} -->"
        if start in text or name.startswith("docs/"):
            shown = text.partition(start)[2].partition(end)[0]
            assert shown == made, f"{name}: put the output of `python -m workflows.machine {mark}` between the marks"


def test_the_module_prints_the_picture_and_the_table() -> None:
    command = [sys.executable, "-m", "workflows.machine"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout == machine.diagram()
    shown = subprocess.run([*command, "table"], cwd=ROOT, capture_output=True, text=True).stdout
    assert shown == machine.table() and all(step.gate in shown for step in COURSE)


def test_the_diagram_names_every_state_and_every_step_but_those_of_any_time() -> None:
    picture = machine.diagram()
    for path in STATES:
        assert path.replace(".", "_") in picture
    for step in COURSE:
        assert (step.trigger in picture) is not step.any_time
