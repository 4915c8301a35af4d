"""What the command line shows of the case book, in the form of CONTRACTS. Nothing personal unless asked."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.casebook.schema import Case, Journal, Letter, Message, Request
from bot.cases import answers_of
from bot.clock import local_date
from bot.context import Bot
from bot.letters import content_of, parts_of, person_of
from workflows import machine, terms


def mails(bot: Bot) -> Iterator[dict[str, Any]]:
    """The ledger, in the order of receipt."""
    with bot.store.read() as session:
        rows = session.execute(
            select(Message, Request.reference)
            .outerjoin(Request, Message.request_id == Request.id)
            .order_by(Message.received, Message.id)
        )
        for row, reference in rows:
            yield {
                "message_id": row.message_id,
                "received": row.received.isoformat(),
                "folder": row.folder,
                "kind": row.kind,
                "disposition": row.disposition,
                "reason": row.reason,
                "request": reference,
            }


def cases(bot: Bot) -> Iterator[dict[str, Any]]:
    """All cases, oldest first."""
    with bot.store.read() as session:
        for one in session.scalars(select(Case).order_by(Case.id)):
            yield _case(bot, session, one)


def case(bot: Bot, reference: str, *, personal: bool) -> Iterator[dict[str, Any]]:
    """One case, or all cases of one request, each with its journal."""
    with bot.store.read() as session:
        wanted = reference.upper()
        found = select(Case).join(Request).where(or_(Case.reference == wanted, Request.reference == wanted))
        for one in session.scalars(found.order_by(Case.id)):
            shown = _case(bot, session, one)
            if personal:
                person = person_of(bot, session.get_one(Request, one.request_id))
                shown["person"] = {"name": person.name, "address": person.address}
            rows = select(Journal).where(or_(Journal.case == one.reference, Journal.request == shown["request"]))
            shown["journal"] = [
                {"at": row.at.isoformat(), "event": row.event, "case": row.case, "detail": row.detail}
                for row in session.scalars(rows.order_by(Journal.id))
                if row.case in (None, one.reference)
            ]
            yield shown


def _case(bot: Bot, session: Session, one: Case) -> dict[str, Any]:
    request = session.get_one(Request, one.request_id)
    state, waiting = machine.state_of(one.state)
    today = local_date(bot.clock.now())
    paused = terms.paused_due(request.binding, request.waiting_days)
    due = request.extended_due if one.extended else request.binding
    return {
        "reference": one.reference,
        "request": request.reference,
        "right": one.right,
        "state": state,
        "waiting": waiting,
        "outcome": one.outcome,
        "received": request.received.isoformat(),
        "binding": request.binding.isoformat(),
        "work_by": request.work_by.isoformat(),
        "paused_due": paused.isoformat(),
        "extended_due": request.extended_due.isoformat() if one.extended else None,
        "overdue": state != "closed" and today > due,
        "identity": request.identity,
        "processors": [
            {"name": answer.processor, "answer": answer.answer, "since": answer.since.isoformat()}
            for answer in answers_of(session, one)
        ],
    }


def letters(bot: Bot, *, personal: bool) -> Iterator[dict[str, Any]]:
    """Every letter, oldest first."""
    with bot.store.read() as session:
        rows = session.execute(
            select(Letter, Request.reference, Case.reference)
            .outerjoin(Request, Letter.request_id == Request.id)
            .outerjoin(Case, Letter.case_id == Case.id)
            .order_by(Letter.id)
        )
        for letter, request, case_reference in rows:
            shown = {
                "id": letter.id,
                "request": request,
                "case": case_reference,
                "template": letter.template,
                "audience": letter.audience,
                "state": letter.state,
                "message_id": letter.sent_message_id or letter.message_id,
                "draft_hash": letter.draft_hash,
                "approved_by": letter.approved_by,
                "sent_at": letter.sent_at.isoformat() if letter.sent_at else None,
            }
            if personal:
                shown["to"] = parts_of(content_of(bot, letter)).to
            yield shown
