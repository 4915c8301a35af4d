"""Who really sent a mail, by what the tenant's own border wrote on it; a From line alone is a claim.

Only the topmost `Authentication-Results` counts for a stranger: a sender can put in copies, which then stand below.
Whatever is ambiguous or cannot be read proves nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.mail.message import Mail


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether something is proven, and by or for want of what."""

    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """One verdict of an Authentication-Results header, RFC 8601: `dkim=pass header.d=example.nl`."""

    method: str
    verdict: str
    properties: dict[str, str] = field(default_factory=dict)


def proven_sender(mail: Mail) -> Proof:
    """Whether the From address is the sender's: dmarc=pass, or dkim=pass by a domain aligned to it.

    CONTRACTS.md "Proven sender". SPF alone and bestguesspass prove nothing; dmarc=fail is never outvoted.
    """
    fault = _one_from(mail)
    if fault:
        return Proof(False, fault)
    domain = mail.sender.rpartition("@")[2]
    results, fault = _topmost(mail)
    if fault:
        return Proof(False, fault)
    dmarc = [result for result in results if result.method == "dmarc"]
    if any(result.verdict == "fail" for result in dmarc):
        return Proof(False, "dmarc=fail")
    if _dmarc_passes(results, domain):
        return Proof(True, "dmarc=pass")
    for result in results:
        signer = result.properties.get("header.d", "")
        if result.method == "dkim" and result.verdict == "pass" and aligned(signer, domain):
            return Proof(True, f"dkim=pass of {signer}")
    return Proof(False, "neither dmarc=pass nor an aligned dkim=pass")


def genuine_internal(
    mail: Mail, staff: Collection[str], internal_sources: Collection[str], outside_staff: bool = False
) -> Proof:
    """Whether a mail comes from a listed member of staff: the authority of a command.

    CONTRACTS.md "Genuine internal mail". `internal_sources` are ends of host names (`.prod.outlook.com`). With
    `outside_staff` a listed address outside the tenant counts when the border says dmarc=pass. A Sender other than
    From refuses too: the command is then somebody else's. `…CrossTenant…` headers prove nothing and are not read.
    """
    fault = _one_from(mail)
    if fault:
        return Proof(False, fault)
    if mail.sender not in {address.strip().lower() for address in staff}:
        return Proof(False, "From is not listed as staff")
    if mail.header_all("Reply-To") and set(mail.reply_to) != {mail.sender}:
        return Proof(False, "Reply-To differs from From")
    if any(mail.sender not in _addresses(value) for value in mail.header_all("Sender")):
        return Proof(False, "Sender differs from From")
    inside = _inside(mail, internal_sources)
    if inside.ok or not outside_staff:
        return inside
    results, fault = _topmost(mail)
    if fault:
        return Proof(False, fault)
    if _dmarc_passes(results, mail.sender.rpartition("@")[2]):
        return Proof(True, "dmarc=pass of a listed address outside the tenant")
    return Proof(False, f"{inside.reason}, and no dmarc=pass")


def aligned(signer: str, domain: str) -> bool:
    """Relaxed alignment, RFC 7489 §3.1.1: the same domain, or one below the other and the upper no public suffix."""
    signer, domain = signer.lower().strip("."), domain.lower().strip(".")
    if not signer or not domain:
        return False
    upper, lower = sorted((signer, domain), key=len)
    if _is_public(upper):
        return False
    return signer == domain or lower.endswith(f".{upper}")


def results_of(value: str) -> tuple[Result, ...] | None:
    """The verdicts of one Authentication-Results value, with or without an authserv-id; None when it cannot be read."""
    tokens = _tokens(value)
    if tokens is None:
        return None
    found: list[Result] = []
    for number, statement in enumerate(tokens):
        words = _EQUALS.sub("=", statement).split()
        if not words or words == ["none"]:
            continue
        method, equals, verdict = words[0].partition("=")
        if not equals:
            if number == 0:
                continue  # the authserv-id
            return None
        properties: dict[str, str] = {}
        for word in words[1:]:
            name, equals, text = word.partition("=")
            if equals:
                properties.setdefault(name.lower(), text.strip('"').lower())
        found.append(Result(method.partition("/")[0].lower(), verdict.lower(), properties))
    return tuple(found)


_EQUALS = re.compile(r"\s*=\s*")
_LONGEST = 20_000


def _one_from(mail: Mail) -> str:
    """ "" or what is wrong with the From of a mail."""
    if len(mail.header_all("From")) > 1 or len(mail.senders) > 1:
        return "more than one From"
    if not mail.senders or mail.from_unclear:
        return "From cannot be read"
    return ""


def _topmost(mail: Mail) -> tuple[tuple[Result, ...], str]:
    headers = mail.header_all("Authentication-Results")
    if not headers:
        return (), "no Authentication-Results"
    results = results_of(headers[0])
    return (results, "") if results is not None else ((), "Authentication-Results cannot be read")


def _dmarc_passes(results: Collection[Result], domain: str) -> bool:
    dmarc = [result for result in results if result.method == "dmarc"]
    if len(dmarc) != 1 or dmarc[0].verdict != "pass":
        return False
    about = dmarc[0].properties.get("header.from", domain)
    return about == domain


def _inside(mail: Mail, internal_sources: Collection[str]) -> Proof:
    authenticated = mail.header_all("X-MS-Exchange-Organization-AuthAs")
    if [value.strip().lower() for value in authenticated] != ["internal"]:
        return Proof(False, "AuthAs is not exactly one Internal")
    sources = mail.header_all("X-MS-Exchange-Organization-AuthSource")
    if len(sources) != 1 or not _ends_in(sources[0].strip().lower(), internal_sources):
        return Proof(False, "AuthSource is not exactly one host of internal_sources")
    for value in mail.header_all("Authentication-Results"):
        results = results_of(value)
        if results is None:
            return Proof(False, "Authentication-Results cannot be read")
        if failed := [result.method for result in results if result.verdict == "fail" and result.method in _CHECKED]:
            return Proof(False, f"{failed[0]}=fail")
    return Proof(True, "internal mail of a listed address")


_CHECKED = frozenset({"spf", "dkim", "dmarc", "compauth"})


def _ends_in(host: str, ends: Collection[str]) -> bool:
    if not re.fullmatch(r"[a-z0-9.-]+", host):
        return False
    return any(host.endswith("." + end.lower().lstrip(".")) for end in ends if end.strip("."))


def _addresses(value: str) -> set[str]:
    return {address.lower() for address in re.findall(r"[^\s<>\",;:()]+@[^\s<>\",;:()]+", value)}


def _tokens(value: str) -> list[str] | None:
    """The statements between semicolons, without comments (they nest, RFC 5322 §3.2.2); None when one never ends."""
    if len(value) > _LONGEST:
        return None
    statements: list[str] = []
    current: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
            if quoted:
                current.append("_")
        elif character == "\\" and (depth or quoted):
            escaped = True
        elif quoted:
            quoted = character != '"'
            current.append('"' if not quoted else "_" if character in " ;=" else character)
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            current.append(" ")
            if depth < 0:
                return None
        elif depth:
            continue
        elif character == '"':
            quoted = True
            current.append(character)
        elif character == ";":
            statements.append("".join(current))
            current = []
        else:
            current.append(character)
    if depth or quoted or escaped:
        return None
    return [*statements, "".join(current)]


def _is_public(domain: str) -> bool:
    """Whether everybody can have a name below it: one label, or a suffix such as co.uk or github.io."""
    labels = domain.split(".")
    if len(labels) < 2:
        return True
    if len(labels) > 2:
        return domain in _SHARED
    return domain in _SHARED or (len(labels[1]) == 2 and labels[0] in _SECOND_LEVEL)


_SECOND_LEVEL = frozenset({
    "ac", "asso", "co", "com", "ed", "edu", "firm", "gen", "go", "gob", "gouv", "gov", "govt", "ind", "info", "ltd",
    "me", "mil", "ne", "net", "nhs", "nom", "or", "org", "plc", "police", "pp", "sch", "school", "tm", "web",
})  # fmt: skip
_SHARED = frozenset({
    "appspot.com", "azurewebsites.net", "blogspot.com", "cloudfront.net", "firebaseapp.com", "fly.dev", "github.io",
    "gitlab.io", "herokuapp.com", "myshopify.com", "netlify.app", "onmicrosoft.com", "onrender.com", "pages.dev",
    "r2.dev", "repl.co", "vercel.app", "web.app", "wixsite.com", "wordpress.com", "workers.dev", "eu.org", "co.com",
})  # fmt: skip
