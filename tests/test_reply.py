"""Whose words: the sender's own, apart from every form in which mail programs quote and forward."""

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.reply import is_phone_signature, sentence_hashes, split_text

ANSWER = "Ja, akkoord."
LETTER = (
    "Beste mevrouw De Boer,\n\nWij kregen een verzoek om inzage met uw e-mailadres. Komt dit verzoek van u?\n"
    "Bevestig uw verzoek met JA. Horen wij niets, dan sluiten wij het verzoek na 14 dagen.\n\n"
    "Met vriendelijke groet,\nLESSEAU"
)
SENT = sentence_hashes(LETTER)
PREFIXED = "\n".join(f"> {line}".rstrip() for line in LETTER.split("\n"))
PARAGRAPHS = "".join(f"<p>{part}</p>" for part in LETTER.replace("\n\n", "\x00").replace("\n", "<br>").split("\x00"))
WHO = "LESSEAU <info@lesseau.example>"
NL = f"Van: {WHO}\nVerzonden: dinsdag 9 januari 2024 13:36\nAan: Noor <noor@example.nl>\nOnderwerp: Uw verzoek\n\n"
EN = f"From: {WHO}\nSent: Tuesday, January 9, 2024 1:36:00 PM\nTo: noor@example.nl\nSubject: Uw verzoek\n\n"
DE = f"Von: {WHO}\nGesendet: Dienstag, 9. Januar 2024 13:36\nAn: noor@example.nl\nBetreff: Uw verzoek\n\n"
FR = f"De : {WHO}\nEnvoyé : mardi 9 janvier 2024 13:36\nÀ : noor@example.nl\nObjet : Uw verzoek\n\n"
RULE = "_" * 32 + "\n"

# the eleven Dutch forms
DUTCH = {
    "Gmail": f"Op di 9 jan 2024 om 13:36 schreef {WHO}:\n\n{PREFIXED}",
    "Gmail, address on the next line": f"Op di 9 jan 2024 om 9:36 schreef Zeep <\ninfo@lesseau.example>:\n\n{PREFIXED}",
    "Apple Mail": f"Op 9 jan. 2024, om 13:36 heeft {WHO} het volgende geschreven:\n\n{PREFIXED}",
    "iPhone": f"Verstuurd vanaf mijn iPhone\n\n> Op 9 jan. 2024 om 13:36 heeft {WHO} het volgende geschreven:\n>\n"
    + PREFIXED,
    "Thunderbird": f"Op 09-01-2024 om 13:36 schreef LESSEAU:\n{PREFIXED}",
    "Outlook under a rule": f"{RULE}{NL}{LETTER}",
    "Outlook without a rule": f"{NL}{LETTER}",
    "Oorspronkelijk bericht": "-----Oorspronkelijk bericht-----\n"
    + NL.replace("<info@lesseau.example>", "[mailto:info@lesseau.example]")
    + LETTER,
    "Outlook voor Android": f"Outlook voor Android downloaden<https://aka.ms/AAb9ysg>\n{RULE}{EN}{LETTER}",
    "Samsung": f"Verzonden vanaf mijn Galaxy\n\n\n-------- Oorspronkelijk bericht --------\nVan: {WHO}\n"
    f"Datum: 09-01-2024 13:36 (GMT+01:00)\nAan: noor@example.nl\nOnderwerp: Uw verzoek\n\n{LETTER}",
    "Yahoo": f"Op dinsdag 9 januari 2024 om 13:36:00 CET schreef {WHO}:\n\n{LETTER}",
}
RELATIVES = {
    "Samsung without dashes": f"Oorspronkelijk bericht\nVan: {WHO}\nDatum: 09-01-2024 13:36\n\n{LETTER}",
    "name before date": f"LESSEAU <info@lesseau.example> schreef op di 9 jan. 2024 om 13:36:\n\n{PREFIXED}",
    "name before date, wrapped": f"LESSEAU <info@lesseau.example> schreef op di 9 jan. 2024 om\n13:36:\n\n{PREFIXED}",
    "Spark": f"Op 9 jan. 2024 13:36 +0100, {WHO}, schreef:\n{PREFIXED}",
    "Proton": f"Op dinsdag 9 januari 2024 om 13:36, schreef {WHO}:\n\n{PREFIXED}",
    "bold labels": f"*Van:* {WHO}\n*Verzonden:* dinsdag 9 januari 2024 13:36\n*Onderwerp:* x\n\n{LETTER}",
    "labels on one line": f"Van: {WHO} Verzonden: 9 januari 2024 13:36 Aan: a@example.nl Onderwerp: x\n\n{LETTER}",
    "empty lines between labels": NL.replace("\n", "\n\n") + LETTER,
    "no attribution": PREFIXED,
    "Roundcube": f"LESSEAU schreef op 2024-01-09 13:36:\n{PREFIXED}",
    "Horde": f"Citeren {WHO}:\n\n{PREFIXED}",
    "Yahoo on a phone": f"Op di, 9 jan. 2024 om 13:36 schreef LESSEAU<info@lesseau.example>:   {LETTER}",
    "tabs behind labels": NL.replace(": ", ":\t") + LETTER,
    "Outlook on a Mac": f"Van: {WHO}\nDatum: dinsdag, 9 januari 2024 om 13:36\nAan: Noor\nOnderwerp: x\n{LETTER}",
    "K-9": f"-------- Oorspronkelijk bericht --------\n{NL}{LETTER}\n\n-- \nVerzonden vanaf mijn Android-apparaat.",
    "Polish": f"wt., 9 sty 2024 o 13:36 {WHO} napisał(a):\n\n{PREFIXED}",
    "Turkish": f"{WHO}, 9 Oca 2024 Sal, 13:36 tarihinde şunu yazdı:\n\n{PREFIXED}",
    "short attribution": f"LESSEAU schreef:\n{PREFIXED}",
    "Gmail en": f"On Tue, Jan 9, 2024 at 1:36 PM {WHO} wrote:\n\n{PREFIXED}",
    "Gmail en, wrapped": f"On Tue, Jan 9, 2024 at 1:36 PM Zeep <\ninfo@lesseau.example> wrote:\n\n{PREFIXED}",
    "Apple en": f"On 9 Jan 2024, at 13:36, {WHO} wrote:\n\n{PREFIXED}",
    "Outlook en": f"{RULE}{EN}{LETTER}",
    "Original Message": f"-----Original Message-----\n{EN}{LETTER}",
    "Gmail de": f"Am Di., 9. Jan. 2024 um 13:36 Uhr schrieb {WHO}:\n\n{PREFIXED}",
    "Thunderbird de": f"Am 09.01.24 um 13:36 schrieb LESSEAU:\n{PREFIXED}",
    "Outlook de": f"{DE}{LETTER}",
    "Ursprüngliche Nachricht": f"-----Ursprüngliche Nachricht-----\n{DE}{LETTER}",
    "iPhone de": f"Von meinem iPhone gesendet\n\n> Am 09.01.2024 um 13:36 schrieb {WHO}:\n> \n{PREFIXED}",
    "Gmail fr": f"Le mar. 9 janv. 2024 à 13:36, {WHO} a écrit :\n\n{PREFIXED}",
    "Outlook fr": f"{FR}{LETTER}",
    "Message d'origine": f"-----Message d'origine-----\n{FR}{LETTER}",
    "iPhone fr": f"Envoyé de mon iPhone\n\n> Le 9 janv. 2024 à 13:36, {WHO} a écrit :\n> \n{PREFIXED}",
}
FORMS = {**DUTCH, **RELATIVES}

QUOTE = f'<blockquote type="cite">{PARAGRAPHS}</blockquote>'
FROM = "LESSEAU &lt;<a href='mailto:info@lesseau.example'>info@lesseau.example</a>&gt;"
LABELS = (
    f"<b>Van:</b> {FROM}<br><b>Verzonden:</b> dinsdag 9 januari 2024 13:36<br><b>Aan:</b> noor@example.nl<br>"
    "<b>Onderwerp:</b> Uw verzoek"
)
BORDER = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
HTML = {
    "Gmail": f"""<div class="gmail_quote"><div dir="ltr" class="gmail_attr">Op di 9 jan 2024 om 13:36 schreef {FROM}:
        <br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">{PARAGRAPHS}
        </blockquote></div>""",
    "Gmail in a language that we do not know": f"""<div class="gmail_quote"><div class="gmail_attr">Dnia 9.01 LESSEAU
        napisal</div><blockquote class="gmail_quote">{PARAGRAPHS}</blockquote></div>""",
    "Apple Mail": f"""<div><br><blockquote type='cite'><div>Op 9 jan. 2024, om 13:36 heeft {FROM} het volgende
        geschreven:</div><br><div>{PARAGRAPHS}</div></blockquote></div>""",
    "iPhone": f"""<div dir='ltr'>Verstuurd vanaf mijn iPhone</div><div dir='ltr'><br><blockquote type='cite'>Op 9 jan.
        2024 om 13:36 heeft LESSEAU het volgende geschreven:<br><br></blockquote></div>{QUOTE}""",
    "Thunderbird": f"""<div class="moz-cite-prefix">Op 09-01-2024 om 13:36 schreef LESSEAU:<br></div>{QUOTE}""",
    "Outlook on the desktop": f"""<div><div style="{BORDER}"><p class="MsoNormal">{LABELS}</p></div></div>
        {PARAGRAPHS}""",
    "Outlook on the web": f"""<div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">{LABELS}
        <div>&nbsp;</div></div>{PARAGRAPHS}""",
    "Outlook on the web, copied by Exchange": f"""<div id="x_appendonsend"></div><div id="x_divRplyFwdMsg">{LABELS}
        </div>{PARAGRAPHS}""",
    "Outlook of 2003": f"""<div class="OutlookMessageHeader" lang="nl">-----Oorspronkelijk bericht-----<br>{LABELS}
        </div>{PARAGRAPHS}""",
    "Outlook voor Android": f"""<div id="ms-outlook-mobile-signature">Outlook voor Android downloaden</div><hr>
        <div id="divRplyFwdMsg">{LABELS}</div>{PARAGRAPHS}""",
    "Outlook voor iOS": f"""<div id="ms-outlook-mobile-signature"><a href="https://aka.ms/o0ukef">Outlook voor iOS
        downloaden</a></div><div id="mail-editor-reference-message-container"><hr>{LABELS}{PARAGRAPHS}</div>""",
    "Samsung": f"""<div id="composer_signature">Verzonden vanaf mijn Galaxy</div>
        <div>-------- Oorspronkelijk bericht --------</div><div>Van: {FROM} </div>
        <div>Datum: 09-01-2024 13:36 (GMT+01:00) </div><div>Aan: noor@example.nl </div>{PARAGRAPHS}""",
    "Yahoo": f"""<div id="yahoo_quoted_1" class="yahoo_quoted"><div>Op dinsdag 9 januari 2024 om 13:36:00 CET schreef
        {FROM}:</div><div>{PARAGRAPHS}</div></div>""",
    "Proton": f"""<div class="protonmail_quote">Op dinsdag 9 januari 2024 om 13:36, schreef {FROM}:<br>{PARAGRAPHS}
        </div>""",
    "Zimbra": f"""<hr data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{LABELS}</div>
        <div data-marker="__QUOTED_TEXT__">{PARAGRAPHS}</div>""",
    "plain text as Exchange shows it": "<div class='PlainText'>"
    + DUTCH["Gmail"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    + "</div>",
}


@pytest.mark.parametrize("sent", [frozenset(), SENT], ids=["letter unknown", "letter known"])
@pytest.mark.parametrize("subject", ["Re: Uw verzoek", "Uw verzoek"])
@pytest.mark.parametrize("form", FORMS)
def test_of_an_answer_above_a_quote_only_the_answer_is_own_text(form: str, subject: str, sent: frozenset[str]) -> None:
    reply = split_text(f"{ANSWER}\n\n{FORMS[form]}", subject=subject, sent=sent)
    assert reply.own_text == ANSWER
    assert "Bevestig uw verzoek met JA" in reply.quoted_text
    assert (reply.forwarded, reply.inline, reply.leaked) == (False, False, False)


@pytest.mark.parametrize("sent", [frozenset(), SENT], ids=["letter unknown", "letter known"])
@pytest.mark.parametrize("form", HTML)
def test_the_same_in_html(form: str, sent: frozenset[str]) -> None:
    reply = split_text("", html=f"<html><body><div>{ANSWER}</div><br>{HTML[form]}</body></html>", sent=sent)
    assert reply.own_text == ANSWER
    assert "Bevestig uw verzoek met JA" in reply.quoted_text
    assert (reply.inline, reply.leaked) == (False, False)


@pytest.mark.parametrize("form", ["Gmail", "Outlook on the web", "Thunderbird"])
def test_the_marks_in_the_html_decide_where_the_text_has_none(form: str) -> None:
    text = f"{ANSWER}\n\n{LETTER}"
    assert split_text(text, html=f"<div>{ANSWER}</div>{HTML[form]}").own_text == ANSWER


@pytest.mark.parametrize("form", FORMS)
def test_a_quote_with_nothing_above_it_leaves_no_own_text(form: str) -> None:
    assert split_text(FORMS[form], subject="Re: Uw verzoek").own_text == ""


@pytest.mark.parametrize(
    "text",
    [
        "Op mijn vorige mail schreef u: uw pakket is onderweg. Dat klopt niet. Graag hoor ik hoe het zit.",
        "Op mijn vorige mail schreef u:\nuw pakket is onderweg.\nDat klopt niet.",
        "Van: Dorpsstraat 1\nAan: Kerkstraat 2\n\nGraag mijn adres aanpassen.",
        "Van: Dorpsstraat 1\nAan: Kerkstraat 2\nDatum: 3 mei 2026",
        "Op 3 mei 2026 schreef u: het pakket komt.\nDat klopt niet.",
        "Op 3 mei 2026 schreef uw collega mij het volgende:\nHet pakket komt.",
        "Op 3 mei 2026 om 12:00 heb ik jullie het volgende geschreven:\nwis mijn gegevens",
        "On 3 May 2026 you wrote:\nthe parcel is on its way. It is not.",
        "Am 3. Mai 2026 schrieben Sie:\ndas Paket kommt. Es kam nicht.",
        "Verzonden met PostNL op 3 mei, nooit aangekomen.",
        "Op 9 januari 2024 schreef Jan de Vries van jullie klantenservice mij dat het pakket kwam:\ndat klopt niet.",
        "Ik heb op 9 januari 2024 om 13:36 gemaild naar info@lesseau.example en schreef toen het volgende:\nwis alles.",
        "Naam: Noor\nVan: Dorpsstraat 1\nNaar: Kerkstraat 2\nDatum: 1 mei 2026\nE-mail: noor@example.nl",
        "Ik schreef op 3 mei 2026 dat het adres niet klopt:\nKerkstraat 2 moet het zijn.",
        "Mijn adres was: noor@example.nl. U schreef op 3-5-2026 dat dat goed was.",
    ],
)
@pytest.mark.parametrize("subject", ["Vraag", "Re: Vraag"])
def test_what_a_person_wrote_is_kept_whole(text: str, subject: str) -> None:
    assert split_text(text, subject=subject).own_text == text


def test_a_formal_letter_that_begins_like_a_quote_is_kept_whole() -> None:
    letter = (
        "Van: Noor de Boer, noor@example.nl\nAan: LESSEAU\nDatum: 3 mei 2026\nOnderwerp: Inzageverzoek\n\n"
        "Geachte heer, mevrouw,\n\nGraag ontvang ik een kopie van mijn gegevens."
    )
    assert split_text(letter, subject="Inzageverzoek").own_text == letter


# --- answers between and below the lines


def test_answers_between_quoted_lines_are_kept_and_seen() -> None:
    text = "Op 12-01-2026 om 16:03 schreef LESSEAU:\n> Uw adres?\n\nKerkstraat 2.\n\n> Per e-mail?\n\nNee, per post."
    reply = split_text(text, subject="Re: x")
    assert reply.own_text == "Kerkstraat 2.\n\nNee, per post."
    assert reply.inline


def test_an_answer_below_the_quote_is_kept_and_is_not_between() -> None:
    reply = split_text(f"{DUTCH['Gmail']}\n\n{ANSWER}", subject="Re: x")
    assert (reply.own_text, reply.inline) == (ANSWER, False)


def test_words_above_and_below_the_quote_are_both_kept_and_seen() -> None:
    reply = split_text(f"akkoord\n\n{DUTCH['Gmail']}\n\nmaar zonder het adres", subject="Re: x")
    assert reply.own_text == "akkoord\n\nmaar zonder het adres"
    assert reply.inline


def test_a_signature_below_the_quote_is_no_answer() -> None:
    reply = split_text(f"akkoord\n\n{DUTCH['Gmail']}\n\n-- \nSanne Post", subject="Re: x")
    assert not reply.inline


def test_answers_in_gmail_between_the_quotes_are_kept() -> None:
    html = (
        '<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">Op di 9 jan 2024 om 13:36 schreef '
        'X &lt;x@example.nl&gt;:<br></div><blockquote class="gmail_quote">Adres?</blockquote><div>Kerkstraat 2.</div>'
        '<blockquote class="gmail_quote">Per e-mail?</blockquote><div>Per post.</div></div></div>'
    )
    reply = split_text("", html=html, subject="Re: x")
    assert reply.own_text == "Kerkstraat 2.\n\nPer post."
    assert reply.inline


def test_an_answer_between_our_sentences_in_outlook_is_found_because_we_know_our_sentences() -> None:
    middle = LETTER.replace("Komt dit verzoek van u?\n", "Komt dit verzoek van u?\nNee, van mijn zus.\n")
    reply = split_text(f"Zie hieronder.\n\n{NL}{middle}", subject="Re: x", sent=SENT)
    assert reply.own_text == "Zie hieronder.\n\nNee, van mijn zus."
    assert reply.inline


def test_an_answer_below_our_letter_in_outlook_is_found_too() -> None:
    reply = split_text(f"{NL}{LETTER}\n\nJa, dat ben ik.", subject="Re: x", sent=SENT)
    assert reply.own_text == "Ja, dat ben ik."


# --- the letter that we sent


def test_our_letter_is_cut_under_a_heading_in_a_language_that_we_do_not_know() -> None:
    text = f"{ANSWER}\n\nDnia 2024-01-09 13:36, info@lesseau.example napisał(a):\n\n{LETTER}"
    reply = split_text(text, subject="Re: x", sent=SENT)
    assert reply.own_text == ANSWER
    assert not reply.leaked


def test_our_letter_is_cut_without_any_heading() -> None:
    assert split_text(f"{ANSWER}\n\n{LETTER}", subject="Re: x", sent=SENT).own_text == ANSWER


@pytest.mark.parametrize("width", [30, 60, 200])
def test_our_letter_is_known_however_it_was_wrapped(width: int) -> None:
    wrapped = "\n".join(textwrap.fill(line, width) if line else "" for line in LETTER.split("\n"))
    assert split_text(f"{ANSWER}\n\n{wrapped}", subject="Re: x", sent=SENT).own_text == ANSWER


def test_a_sentence_of_ours_amid_own_words_is_a_leak() -> None:
    text = "Ja hoor. Horen wij niets, dan sluiten wij het verzoek na 14 dagen. Prima zo."
    reply = split_text(text, subject="Re: x", sent=SENT)
    assert reply.leaked
    assert reply.own_text == text


def test_words_that_everybody_writes_are_not_ours() -> None:
    reply = split_text("Ja\n\nMet vriendelijke groet,\nNoor", subject="Re: x", sent=SENT)
    assert reply.own_text == "Ja\n\nMet vriendelijke groet,\nNoor"
    assert not reply.leaked


def test_a_short_answer_that_our_letter_holds_too_stays_own() -> None:
    sent = sentence_hashes("Antwoord met een van deze woorden.\nJa\nNee")
    assert split_text("Ja", subject="Re: x", sent=sent).own_text == "Ja"


def test_hashes_hold_no_words() -> None:
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in SENT)


# --- forwards


@pytest.mark.parametrize("subject", ["FW: Mijn gegevens", "Fwd: x", "Doorst: x", "WG: x", "TR: x", "[Fwd: x]", "fw:x"])
def test_a_forward_is_known_by_its_subject(subject: str) -> None:
    reply = split_text(f"Kunnen jullie dit oppakken?\n\n{NL}Wis mijn gegevens.", subject=subject)
    assert reply.forwarded
    assert reply.own_text == "Kunnen jullie dit oppakken?"
    assert "Wis mijn gegevens." in reply.quoted_text


@pytest.mark.parametrize(
    "heading",
    [
        "---------- Forwarded message ---------",
        "-------- Doorgestuurd bericht --------",
        "Begin doorgestuurd bericht:",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
        "Anfang der weitergeleiteten Nachricht:",
        "---------- Message transféré ---------",
        "Début du message transféré :",
    ],
)
def test_a_forward_is_known_by_its_heading(heading: str) -> None:
    passed = (
        "Van: Noor <noor@example.nl>\nDatum: 9 januari 2024 om 13:36\nOnderwerp: x\nAan: a@example.nl\n\nWis alles."
    )
    reply = split_text(f"Zie onder.\n\n{heading}\n\n{passed}", subject="Mijn gegevens")
    assert reply.forwarded
    assert reply.own_text == "Zie onder."
    assert reply.quoted_text.endswith("Wis alles.")


def test_a_forward_of_apple_mail_is_known_within_its_quote() -> None:
    html = (
        "<div>Zie onder.</div><blockquote type='cite'><div>Begin doorgestuurd bericht:</div><br>"
        f"<div>{LABELS}</div><div>Wis alles.</div></blockquote>"
    )
    reply = split_text("", html=html, subject="Mijn gegevens")
    assert (reply.forwarded, reply.own_text) == (True, "Zie onder.")


def test_an_answer_in_a_thread_that_was_once_forwarded_is_no_forward() -> None:
    older = f"-------- Doorgestuurd bericht --------\n{NL}Oud."
    assert not split_text(f"{ANSWER}\n\n{DUTCH['Gmail']}\n\n> {older}", subject="Re: Fwd: x").forwarded


def test_words_about_forwarding_are_no_forward() -> None:
    text = "Het doorgestuurde bericht heb ik niet ontvangen.\nForwarded message? Never saw one."
    reply = split_text(text, subject="Vraag")
    assert (reply.forwarded, reply.own_text) == (False, text)


# --- phones


@pytest.mark.parametrize(
    "line",
    [
        "Verstuurd vanaf mijn iPhone", "Verzonden vanaf mijn iPad", "Verzonden vanaf mijn Samsung Galaxy-smartphone.",
        "Verzonden vanuit Mail voor Windows", "Verzonden met Proton Mail", "Verstuurd met Yahoo Mail op Android",
        "Verzonden vanaf Outlook voor iOS", "Outlook voor Android downloaden<https://aka.ms/AAb9ysg>",
        "Download Outlook voor iOS", "Sent from my iPhone", "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Android", "Sent with Proton Mail secure email.", "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App", "Envoyé de mon iPhone", "Envoyé depuis mon mobile",
        "_Verstuurd vanaf mijn iPhone_",
    ],
)  # fmt: skip
def test_what_a_phone_adds_is_nobodys_words(line: str) -> None:
    assert is_phone_signature(line)
    assert split_text(f"Ja\n\n{line}", subject="Re: x").own_text == "Ja"


@pytest.mark.parametrize(
    "line",
    [
        "Verzonden met PostNL, nooit aangekomen", "Verstuurd vanaf mijn oude adres, dus graag aanpassen: Kerkstraat 2.",
        "Sent from my heart, a complaint: you leaked my data", "Mijn iPhone is kapot", "Outlook werkt niet",
        "Verzonden op 3 mei",
    ],
)  # fmt: skip
def test_a_person_who_writes_about_sending_is_kept(line: str) -> None:
    assert not is_phone_signature(line)


# --- every input

N = 1_000_000
HOSTILE = {
    "one line of Op a a a": "Op " + "a " * 10_000,
    "lines of Op": "Op a\n" * (N // 5),
    "lines of dates": "Op 9 jan 2024\n" * (N // 14),
    "lines of attributions": "X <a@b.nl> schreef op 9 jan 2024\n" * (N // 33),
    "lines of Van": "Van: a@b.nl\n" * (N // 12),
    "Van and empty lines": "Van: a\n\n" * (N // 8),
    "prefixes": ">" * N,
    "lines of prefixes": ">\n" * (N // 2),
    "empty lines": " \n" * (N // 2),
    "a rule": "-" * N,
    "labels on a line": "Van: x Verzonden: y Aan: z " * (N // 27),
    "long labels": ("Van: " + "x" * 180 + " Verzonden: ") * (N // 197),
    "Verzonden met": "Verzonden met iphone iphone\n" * (N // 28),
    "at signs": "a@b " * (N // 4),
    "sentences": "Dit is een zin. " * (N // 16),
}


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_a_million_hostile_characters_take_seconds_at_most(name: str) -> None:
    start = time.process_time()
    split_text(HOSTILE[name], subject="Re: x", sent=SENT)
    assert time.process_time() - start < 3


@pytest.mark.long
@pytest.mark.parametrize("name", ["lines of attributions", "sentences"])
def test_the_same_in_html_takes_seconds_at_most(name: str) -> None:
    html = HOSTILE[name].replace("\n", "<br>")[:N]
    start = time.process_time()
    split_text("", html=html, subject="Re: x", sent=SENT)
    assert time.process_time() - start < 3


def test_an_answer_under_thousands_of_quoted_lines_is_found() -> None:
    assert split_text("> oud\n" * 20_000 + "\nJa", subject="Re: x").own_text == "Ja"


LINES = st.sampled_from([
    "", "Ja", "Graag inzage.", "> oud", ">> ouder", "Op 9 jan 2024 om 13:36 schreef X <x@example.nl>:",
    "Van: a@example.nl", "Verzonden: dinsdag 9 januari 2024 13:36", "Onderwerp: x", "-----Oorspronkelijk bericht-----",
    "-- ", "________________", "Verstuurd vanaf mijn iPhone", "Op mijn vorige mail schreef u:", *LETTER.split("\n"),
])  # fmt: skip


@settings(max_examples=70, deadline=None)
@given(st.lists(LINES, max_size=14), st.sampled_from(["", "Re: x", "Fwd: x"]), st.booleans())
def test_no_word_is_invented_and_none_lost(lines: list[str], subject: str, known: bool) -> None:
    text = "\n".join(lines)
    reply = split_text(text, subject=subject, sent=SENT if known else ())
    kept = f"{reply.own_text}\n{reply.quoted_text}".split("\n")
    words = [
        sorted(line.strip() for line in some if any(map(str.isalnum, line)) and not is_phone_signature(line))
        for some in (kept, lines)
    ]
    assert words[0] == words[1]


@settings(max_examples=70, deadline=None)
@given(st.text(max_size=300))
def test_a_mail_without_any_sign_of_a_quote_is_all_own(text: str) -> None:
    if any(sign in text for sign in (">", "@", ":", "\ue000", "\ue001")):
        return
    reply = split_text(text)
    assert "".join(reply.own_text.split()) == "".join(text.split())


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_nothing_makes_it_fail(text: str, html: str) -> None:
    split_text(text, html, text[:20], SENT)
