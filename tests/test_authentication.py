"""Who sent it: a customer by the border's verdict, staff by the tenant's own stamp; everything else is a claim."""

import pytest

from bot.mail.authentication import aligned, genuine_internal, proven_sender, results_of
from bot.mail.message import Mail, parse

STAFF = ["sanne@lesseau.example", "Kees@Lesseau.example"]
SOURCES = [".prod.outlook.com"]
AR = "Authentication-Results: "


def mail_with(headers: str, sender: str = "From: Noor de Boer <noor@example.nl>") -> Mail:
    return parse(f"{headers}\n{sender}\nSubject: Vraag\n\nGraag inzage.\n".encode())


# --- customers

PROVEN = [
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.nl; dkim=pass (signature was verified)"
    " header.d=example.nl;dmarc=pass action=none header.from=example.nl;compauth=pass reason=100",
    "spf=none; dkim=none (message not signed) header.d=none;dmarc=pass action=none header.from=example.nl",
    "dmarc=pass",
    "DMARC=PASS action=none header.from=Example.NL",
    "mx.lesseau.example; dmarc=pass header.from=example.nl",
    "mx.lesseau.example 1; dmarc=pass (p=reject dis=none) header.from=example.nl",
    "spf=fail; dkim=pass header.d=example.nl; dmarc=none",
    "dkim=pass header.d=mail.example.nl; dmarc=none",
    "dkim=fail header.d=other.example; dkim=pass header.d=example.nl",
    "dkim = pass header.d = example.nl",
    'dkim=pass header.d="example.nl"',
    "dkim/1=pass header.d=example.nl",
    "dmarc=pass (comment; dmarc=fail (nested)) header.from=example.nl",
]
UNPROVEN = [
    "",
    "none",
    "spf=pass smtp.mailfrom=example.nl",
    "dmarc=bestguesspass action=none header.from=example.nl",
    "dmarc=none action=none header.from=example.nl",
    "dmarc=fail action=none header.from=example.nl",
    "dmarc=temperror",
    "dkim=pass header.d=example.org; dmarc=none",
    "dkim=pass header.d=badexample.nl",
    "dkim=pass header.d=nl",
    "dkim=pass",
    "dkim=fail header.d=example.nl",
    "dkim=pass header.d=example.nl; dmarc=fail header.from=example.nl",
    "dmarc=pass header.from=example.org",
    "dmarc=pass; dmarc=none",
    "dmarc=none; dmarc=pass header.from=example.nl",
    "spf=none (dmarc=pass header.from=example.nl)",
    'spf=none smtp.mailfrom="x; dmarc=pass"',
    "dmarc=pass (never closed",
    'dmarc=pass header.from="example.nl',
    "dmarc=pass) header.from=example.nl",
    "; dmarc",
    "dmarcx=pass",
    "arc=pass; compauth=pass reason=130",
]


@pytest.mark.parametrize("value", PROVEN)
def test_a_sender_is_proven_by_dmarc_or_an_aligned_signature(value: str) -> None:
    assert proven_sender(mail_with(AR + value)).ok


@pytest.mark.parametrize("value", UNPROVEN)
def test_nothing_else_proves_a_sender(value: str) -> None:
    proof = proven_sender(mail_with(AR + value))
    assert not proof.ok
    assert proof.reason


def test_no_verdict_at_all_proves_nothing() -> None:
    assert not proven_sender(mail_with("X-Mailer: x")).ok


def test_only_the_topmost_verdict_counts() -> None:
    good, bad = f"{AR}dmarc=pass header.from=example.nl", f"{AR}dmarc=none"
    assert not proven_sender(mail_with(f"{bad}\n{good}")).ok
    assert proven_sender(mail_with(f"{good}\n{bad}")).ok


@pytest.mark.parametrize(
    "name", ["Authentication-Results-Original", "ARC-Authentication-Results", "X-Authentication-Results"]
)
def test_headers_with_other_names_are_no_verdict(name: str) -> None:
    assert not proven_sender(mail_with(f"{name}: dmarc=pass header.from=example.nl")).ok


@pytest.mark.parametrize(
    "sender",
    [
        "From: noor@example.nl\nFrom: kees@example.nl",
        "From: noor@example.nl\nFROM : noor@example.nl",
        "From: noor@example.nl, kees@example.nl",
        "From: noor@example.nl <kees@example.nl>",
        "From: Noor",
        "From: ",
        "To: x@example.nl",
        "From: noor@example.nl\nrommel\nFrom: kees@example.nl",
    ],
)
def test_two_from_or_one_that_cannot_be_read_prove_nothing(sender: str) -> None:
    assert not proven_sender(mail_with(f"{AR}dmarc=pass", sender)).ok


@pytest.mark.parametrize(
    ("signer", "domain", "together"),
    [
        ("example.nl", "example.nl", True),
        ("EXAMPLE.nl.", "example.nl", True),
        ("mail.example.nl", "example.nl", True),
        ("example.nl", "mail.example.nl", True),
        ("example.co.uk", "mail.example.co.uk", True),
        ("a.example.nl", "b.example.nl", False),
        ("nl", "example.nl", False),
        ("co.uk", "example.co.uk", False),
        ("com.au", "example.com.au", False),
        ("github.io", "noor.github.io", False),
        ("onmicrosoft.com", "zeep.onmicrosoft.com", False),
        ("myexample.nl", "example.nl", False),
        ("example.nl.evil.example", "example.nl", False),
        ("", "example.nl", False),
        ("none", "none", False),
    ],
)
def test_alignment_is_relaxed_but_never_over_a_public_suffix(signer: str, domain: str, together: bool) -> None:
    assert aligned(signer, domain) is together


def test_a_verdict_is_taken_apart_with_comments_quotes_and_versions() -> None:
    results = results_of('mx.example 1; spf=pass (ip (v4); x) smtp.mailfrom="a;b@x.example"; dkim/2=fail reason=none')
    assert results is not None
    assert [(one.method, one.verdict) for one in results] == [("spf", "pass"), ("dkim", "fail")]


# --- staff

INTERNAL = (
    "Authentication-Results: dkim=none (message not signed) header.d=none;dmarc=none action=none"
    " header.from=lesseau.example;\n"
    "X-MS-Exchange-Organization-AuthAs: Internal\n"
    "X-MS-Exchange-Organization-AuthMechanism: 04\n"
    "X-MS-Exchange-Organization-AuthSource: DB9PR04MB8477.eurprd04.prod.outlook.com"
)
SANNE = "From: Sanne Post <sanne@lesseau.example>"


def test_internal_mail_of_a_listed_address_is_genuine_without_any_dmarc_pass() -> None:
    assert genuine_internal(mail_with(INTERNAL, SANNE), STAFF, SOURCES).ok


def test_lists_and_addresses_are_compared_without_case() -> None:
    assert genuine_internal(mail_with(INTERNAL, "From: KEES@lesseau.EXAMPLE"), STAFF, SOURCES).ok
    assert genuine_internal(mail_with(INTERNAL.replace("Internal", "internal"), SANNE), STAFF, ["PROD.outlook.com"]).ok


FORGED = {
    "not listed": (INTERNAL, "From: jan@lesseau.example"),
    "two From": (INTERNAL, f"{SANNE}\n{SANNE}"),
    "two addresses": (INTERNAL, f"{SANNE}, kees@lesseau.example"),
    "no From": (INTERNAL, "To: info@lesseau.example"),
    "Reply-To elsewhere": (f"{INTERNAL}\nReply-To: jan@example.org", SANNE),
    "Reply-To also elsewhere": (f"{INTERNAL}\nReply-To: sanne@lesseau.example, jan@example.org", SANNE),
    "unreadable Reply-To": (f"{INTERNAL}\nReply-To: Sanne", SANNE),
    "Sender elsewhere": (f"{INTERNAL}\nSender: jan@lesseau.example", SANNE),
    "no AuthAs": (INTERNAL.replace("AuthAs", "X"), SANNE),
    "AuthAs Anonymous": (INTERNAL.replace("AuthAs: Internal", "AuthAs: Anonymous"), SANNE),
    "AuthAs External": (INTERNAL.replace("AuthAs: Internal", "AuthAs: External"), SANNE),
    "AuthAs with more": (INTERNAL.replace("AuthAs: Internal", "AuthAs: Internal, Anonymous"), SANNE),
    "two AuthAs": (f"{INTERNAL}\nX-MS-Exchange-Organization-AuthAs: Internal", SANNE),
    "an own and a stamped AuthAs": (f"{INTERNAL}\nX-MS-Exchange-Organization-AuthAs: Anonymous", SANNE),
    "only CrossTenant": (INTERNAL.replace("Organization", "CrossTenant"), SANNE),
    "no AuthSource": (INTERNAL.replace("AuthSource", "X"), SANNE),
    "two AuthSource": (f"{INTERNAL}\nX-MS-Exchange-Organization-AuthSource: x.prod.outlook.com", SANNE),
    "AuthSource elsewhere": (INTERNAL.replace("prod.outlook.com", "prod.outlook.com.example.org"), SANNE),
    "AuthSource glued": (INTERNAL.replace(".prod.outlook.com", "prod.outlook.com"), SANNE),
    "AuthSource with more": (INTERNAL.replace("DB9PR04MB8477", "evil.example.org x"), SANNE),
    "spf=fail": (f"{AR}spf=fail smtp.mailfrom=lesseau.example\n{INTERNAL}", SANNE),
    "dkim=fail": (f"{AR}dkim=fail header.d=lesseau.example\n{INTERNAL}", SANNE),
    "dmarc=fail": (f"{AR}dmarc=fail action=oreject header.from=lesseau.example\n{INTERNAL}", SANNE),
    "compauth=fail": (f"{AR}compauth=fail reason=601\n{INTERNAL}", SANNE),
    "fail further down": (f"{INTERNAL}\n{AR}spf=fail", SANNE),
    "unreadable verdict": (f"{AR}spf=pass (never closed\n{INTERNAL}", SANNE),
    "dmarc=pass from outside": (f"{AR}dmarc=pass header.from=lesseau.example", SANNE),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_or_unclear_staff_mail_has_no_authority(case: str) -> None:
    headers, sender = FORGED[case]
    proof = genuine_internal(mail_with(headers, sender), STAFF, SOURCES)
    assert not proof.ok
    assert proof.reason


def test_an_equal_reply_to_and_sender_harm_nothing() -> None:
    headers = f"{INTERNAL}\nReply-To: Sanne <SANNE@lesseau.example>\nSender: sanne@lesseau.example"
    assert genuine_internal(mail_with(headers, SANNE), STAFF, SOURCES).ok


def test_without_internal_sources_nobody_is_internal() -> None:
    assert not genuine_internal(mail_with(INTERNAL, SANNE), STAFF, []).ok
    assert not genuine_internal(mail_with(INTERNAL, SANNE), STAFF, [""]).ok
    assert not genuine_internal(mail_with(INTERNAL, SANNE), STAFF, ["."]).ok


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("dmarc=pass action=none header.from=lesseau.example", True),
        ("spf=fail; dmarc=pass header.from=lesseau.example", True),
        ("dkim=pass header.d=lesseau.example; dmarc=none", False),
        ("dmarc=bestguesspass header.from=lesseau.example", False),
        ("dmarc=pass header.from=example.org", False),
    ],
)
def test_a_listed_address_outside_the_tenant_counts_only_when_allowed_and_with_dmarc_pass(
    value: str, allowed: bool
) -> None:
    mail = mail_with(AR + value, SANNE)
    assert genuine_internal(mail, STAFF, SOURCES, outside_staff=True).ok is allowed
    assert not genuine_internal(mail, STAFF, SOURCES).ok


def test_outside_staff_opens_nothing_for_who_is_not_listed() -> None:
    mail = mail_with(f"{AR}dmarc=pass header.from=example.nl")
    assert not genuine_internal(mail, STAFF, SOURCES, outside_staff=True).ok


def test_inside_mail_still_counts_where_outside_staff_is_allowed() -> None:
    assert genuine_internal(mail_with(INTERNAL, SANNE), STAFF, SOURCES, outside_staff=True).ok
