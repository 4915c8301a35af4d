"""The whole road of an access request, over a real mailbox protocol, and what must never happen on it."""

import io
import zipfile

import pytest

from bot.casebook import journal, register
from bot.sandbox import people
from bot.sandbox.stage import MANAGEMENT, STAFF
from tests.world import World, text_of

pytestmark = pytest.mark.long


def test_an_access_request_of_a_customer_on_file_goes_from_mailbox_to_delivered_answer(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)

    (receipt,) = world.to(people.HANNEKE)
    assert receipt["Subject"] == "Re: Mijn gegevens [LES-2026-0001]"
    assert "1 april 2026" in text_of(receipt)  # received 2 March: the policy's 30 days bind
    (case,) = world.cases()
    assert (case["state"], case["waiting"], case["identity"]) == ("respond", "staff", "known_address")
    assert {one["name"]: one["answer"] for one in case["processors"]} == {
        "lightspeed": "found",
        "microsoft365": "found",
    }

    world.stage.later(hours=1)
    world.stage.staff_reply(world.draft(), "Akkoord")
    world.run(minutes=1)

    receipt, answer = world.to(people.HANNEKE)
    files = {part.get_filename(): part.get_payload(decode=True) for part in answer.iter_attachments()}
    assert set(files) == {"overzicht.html", "gegevens.zip"}
    assert "lightspeed.json" in " ".join(zipfile.ZipFile(io.BytesIO(files["gegevens.zip"])).namelist())
    assert world.cases()[0]["waiting"] == "delivery"

    world.run(hours=49)
    (case,) = world.cases()
    assert (case["state"], case["outcome"]) == ("closed", "granted")
    bot = world.bot()
    with bot.store.read() as session:
        (row,) = list(register.rows(session))
        assert (row["case"], row["decision"], row["identity"]) == ("LES-2026-0001-1", "granted", "known_address")
        assert journal.verify(session) is None
    bot.close()
    assert [item.subject for item in world.graph.messages("Privacyverzoeken/Afgerond")] == ["Mijn gegevens"]


def test_an_order_mail_is_left_untouched_in_every_respect(world: World) -> None:
    world.stage.customer_mails("Bram Kuipers", people.BRAM, "Waar is mijn pakket?", "Hoi, wanneer komt mijn zeep? Bram")
    before = len(world.graph.calls)
    world.run(minutes=1)
    (item,) = world.graph.messages("inbox")
    assert (item.is_read, item.categories) == (False, ())
    assert not world.graph.outgoing
    assert [row["disposition"] for row in world.mails()] == ["not-privacy"]
    assert {call.method for call in world.graph.calls[before:]} == {"GET"}


def test_a_sender_without_proof_gets_nothing_and_staff_are_asked(world: World) -> None:
    world.asks_for_access(dmarc="fail", dkim="fail", spf="fail")
    world.run(minutes=1)
    assert not world.to(people.HANNEKE)
    (case,) = world.cases()
    assert (case["state"], case["waiting"], case["identity"]) == ("verify", "staff", "none")
    assert len(world.to(STAFF)) == 1


def test_a_proven_sender_who_is_not_on_file_goes_to_staff(world: World) -> None:
    world.stage.customer_mails(
        "Onbekend", people.NOBODY, "Inzage", "Welke gegevens hebben jullie van mij? Graag een kopie van alles. Onbekend"
    )
    world.run(minutes=1)
    assert not world.to(people.NOBODY)
    assert world.cases()[0]["waiting"] == "staff"
    assert len(world.to(STAFF)) == 1


def test_another_right_is_put_to_staff_and_its_term_is_watched(world: World) -> None:
    world.stage.customer_mails(
        "Hanneke Verbrugge", people.HANNEKE, "Account weg", "Verwijder mijn account en al mijn gegevens. Hanneke"
    )
    world.run(minutes=1)
    (case,) = world.cases()
    assert (case["right"], case["state"], case["waiting"]) == ("erasure", "verify", "staff")
    assert not world.to(people.HANNEKE)
    assert len(world.to(STAFF)) == 1


def test_a_second_pass_at_the_same_moment_does_nothing(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    sent = len(world.graph.outgoing)
    report = world.run()
    assert (report.new, report.sent, len(world.graph.outgoing)) == (0, 0, sent)


def test_an_out_of_office_of_a_customer_is_never_answered(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    (receipt,) = world.to(people.HANNEKE)
    away = world.stage._mail(
        "Hanneke Verbrugge", people.HANNEKE, receipt["From"], "Automatisch antwoord: Mijn gegevens", "Ik ben er niet."
    )
    away["Auto-Submitted"] = "auto-replied"
    away["In-Reply-To"] = receipt["Message-ID"]
    world.graph.deliver(away, mail_from="")
    sent = len(world.graph.outgoing)
    world.run(minutes=1)
    assert len(world.graph.outgoing) == sent
    assert world.mails()[-1]["disposition"] == "automatic"


def test_no_goes_back_to_collect_and_a_new_draft_shows_the_reason(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    first = world.draft()
    world.stage.staff_reply(first, "niet akkoord het oude adres staat er nog in")
    world.run(minutes=5)
    second = world.draft()
    assert second["Subject"] != first["Subject"]
    assert "et oude adres staat er nog in" in " ".join(text_of(second).split())
    assert len(world.to(people.HANNEKE)) == 1  # the receipt alone

    world.stage.staff_reply(first, "akkoord")
    world.run(minutes=5)
    assert len(world.to(people.HANNEKE)) == 1  # a spent code does nothing
    world.stage.staff_reply(second, "Akkoord!\n\nGroet,\nSanne")
    world.run(minutes=5)
    assert len(world.to(people.HANNEKE)) == 2


def test_a_yes_from_outside_with_the_right_code_does_nothing(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    draft = world.draft()
    forged = world.stage._mail("Privacy LESSEAU", STAFF, "info@lesseausoap.com", f"Re: {draft['Subject']}", "akkoord")
    forged["In-Reply-To"] = draft["Message-ID"]
    forged["X-MS-Exchange-Organization-AuthAs"] = "Internal"
    world.graph.deliver(forged, dmarc="fail", spf="fail", dkim="none")
    world.run(minutes=5)
    assert len(world.to(people.HANNEKE)) == 1
    assert world.mails()[-1]["disposition"] == "staff-command"
    assert len(world.to(STAFF)) == 1


def test_a_bounced_answer_reopens_the_case_with_staff(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    world.graph.fail(people.HANNEKE)
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=5)
    world.run(minutes=5)
    (case,) = world.cases()
    assert (case["state"], case["waiting"]) == ("respond", "staff")
    assert [row["state"] for row in world.letters() if row["template"] == "access_granted"] == ["bounced"]
    assert len(world.to(STAFF)) == 2


def test_mail_older_than_the_horizon_is_never_answered(world: World) -> None:
    world.graph.deliver(
        world.stage._mail(
            "Hanneke Verbrugge", people.HANNEKE, "info@lesseausoap.com", "Inzage", "Graag inzage in mijn gegevens."
        ),
        received=world.stage.now.replace(year=2024),
    )
    world.run(minutes=1)
    assert [row["disposition"] for row in world.mails()] == ["before-start"]
    assert not world.graph.outgoing


def test_a_mail_in_junk_is_read_too(world: World) -> None:
    world.asks_for_access(folder="junkemail")
    world.run(minutes=1)
    assert world.cases()[0]["right"] == "access"


def test_a_doubtful_mail_waits_for_the_bundle_and_staff_name_it(world: World) -> None:
    world.stage.customer_mails(
        "Loes", people.LOES, "Privacy", "Kunnen jullie iets voor me doen met mijn gegevens? Loes"
    )
    world.run(minutes=1)
    (row,) = world.mails()
    assert row["disposition"] == "staff-question"
    assert not world.to(STAFF)
    world.run(hours=8)
    (question,) = world.to(STAFF)
    world.stage.staff_reply(question, "soort: inzage")
    world.run(minutes=5)
    assert world.cases()[0]["right"] == "access"
    assert not world.to(MANAGEMENT)


def test_a_request_that_is_only_forwarded_goes_to_a_person(world: World) -> None:
    text = (
        "\n---------- Doorgestuurd bericht ---------\nVan: Hanneke Verbrugge <hanneke.verbrugge@example.nl>\n"
        "Datum: ma 2 feb. 2026 om 10:12\nOnderwerp: Inzage\nAan: info@lesseausoap.com\n\n"
        "Graag ontvang ik een kopie van al mijn persoonsgegevens.\nHanneke Verbrugge\n"
    )
    world.stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, "Fwd: Inzage", text)
    world.run(minutes=1)
    assert [row["disposition"] for row in world.mails()] == ["staff-question"]


def test_a_step_that_failed_for_good_names_its_case_and_is_tried_again_every_day(world: World) -> None:
    world.graph.faults.add("PATCH", "*/messages/*", status=400, times=None)
    world.asks_for_access()
    for _ in range(20):
        world.run(hours=1)
    (told,) = [
        " ".join(text_of(mail).split()) for mail in world.to(STAFF) if "Er ging iets mis" in str(mail["Subject"])
    ]
    assert "de e-mail in de mailbox op zijn plaats zetten" in told
    assert "Zaak: LES-2026-0001" in told and "één keer per dag" in told

    world.run(hours=25)
    assert len([mail for mail in world.to(STAFF) if "Er ging iets mis" in str(mail["Subject"])]) == 1
    world.graph.faults.clear()
    world.run(hours=25)
    (item,) = world.graph.messages("inbox")
    assert item.categories == ("Privacyverzoek",)


def test_a_supplier_is_asked_no_more_once_the_request_is_withdrawn(world: World) -> None:
    def told() -> int:
        return len([mail for mail in world.to(STAFF) if "nakijken" in str(mail["Subject"])])

    world.stage.lightspeed.permissions["orders"] = False
    world.asks_for_access()
    world.run(minutes=1)
    world.run(hours=25)
    assert told() == 2  # every day, for a person must mend it
    thread = str(world.to(people.HANNEKE)[0]["Subject"])
    world.stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, thread, "Laat maar, het hoeft niet meer.")
    world.run(minutes=1)
    world.stage.staff_reply(world.to(STAFF)[-1], "ingetrokken")
    world.run(minutes=1)
    assert world.cases()[0]["state"] == "closed"

    asked = len(world.stage.lightspeed.calls)
    world.run(hours=49)
    assert told() == 2
    assert len(world.stage.lightspeed.calls) == asked
