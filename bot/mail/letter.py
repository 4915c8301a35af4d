"""Letters: one Markdown file each, rendered to text and HTML from the one source, checked, and composed to MIME.

A letter is `templates/nl/<name>.md` or `templates/staff/<name>.md`: lines `key: value` between two `---`, a first line
`Onderwerp: …`, then Markdown with Jinja2 values. Values are data: each is escaped for Markdown, so a customer's
`**x**`, `<b>`, link, new line or `{{` shows as typed and changes nothing. A value that is missing, None or empty is an
error unless the letter says `| optional` or asks with `if`.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, Undefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from bot.clock import AMSTERDAM
from bot.mail.markdown import Enclosed, to_html, to_text

FROM_NAME = "LESSEAU"
SUPPRESS = "DR, RN, NRN, OOF, AutoReply"  # not `All`: bounces must reach us
LONGEST_SUBJECT = 150  # characters kept of a customer's subject
MOST_REFERENCES = 20  # Message-IDs kept of a thread: the first and the last ones
MASK = "■"  # stands for every value while a letter is checked

Audience = Literal["subject", "staff", "management", "recipient"]


class LetterError(ValueError):
    """A letter that cannot be rendered: which file, which value, and what is wrong with it."""


class LintError(Exception):
    """A letter that is not fit to leave; `findings` says why, one sentence each."""

    def __init__(self, name: str, findings: tuple[str, ...]) -> None:
        super().__init__(f"letter {name}: {'; '.join(findings)}")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Template:
    """One letter as its file says. `refusal`: it says no, so it must say why, and where the person can go."""

    name: str
    audience: Audience
    personal: bool
    approval: bool
    refusal: bool
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter with its values. `text` ends with a new line and wraps at 72; `html` is a whole page."""

    subject: str
    text: str
    html: str
    audience: Audience
    personal: bool
    approval: bool


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a letter."""

    name: str
    type: str
    content: bytes


class Ours(str):
    """Words from a file of ours among the values: escaped like any value, but not masked when the letter is checked."""

    __slots__ = ()


class _Safe(str):
    """Markdown made here from a value; not escaped again."""

    __slots__ = ()


# --- reading letters --------------------------------------------------------------------------------------------------


def _templates() -> Path:
    """The folder of letters: beside the package in a checkout, inside it when installed."""
    inside = Path(__file__).parent.parent / "templates"
    return inside if inside.is_dir() else inside.parent.parent / "templates"


FOLDERS = ("nl", "staff")


def names() -> tuple[str, ...]:
    """The names of all letters; files that start with `_` are parts of letters."""
    return tuple(sorted(path.stem for folder in FOLDERS for path in (_templates() / folder).glob("[!_]*.md")))


@cache
def load(name: str) -> Template:
    """One letter by its file name without `.md`. Raises LetterError for an unknown or malformed file."""
    found = [path for folder in FOLDERS if (path := _templates() / folder / f"{name}.md").is_file()]
    if len(found) != 1:
        raise LetterError(f"there is no letter {name!r} under templates/; there are {', '.join(names())}")
    where = f"templates/{found[0].parent.name}/{found[0].name}"
    _, opening, rest = found[0].read_text(encoding="utf-8").partition("---\n")
    front, closing, rest = rest.partition("\n---\n")
    subject, _, body = rest.partition("\n")
    if not (opening and closing and subject.startswith("Onderwerp: ")):
        raise LetterError(f"{where}: begin with `key: value` lines between two lines `---`, then `Onderwerp: …`")
    pairs = dict(line.split(": ", 1) for line in front.splitlines() if ": " in line)
    audience = pairs.pop("audience", "")
    answers = {"refusal": "no", **pairs}
    if audience not in get_args(Audience):
        raise LetterError(f"{where}: `audience:` is one of {', '.join(get_args(Audience))}")
    if set(answers) != {"personal", "approval", "refusal"} or not set(answers.values()) <= {"yes", "no"}:
        raise LetterError(f"{where}: write `personal:` and `approval:` (and `refusal:`), each with yes or no")
    yes = {key for key, value in answers.items() if value == "yes"}
    return Template(
        name=name,
        audience=audience,  # type: ignore[arg-type]
        personal="personal" in yes,
        approval="approval" in yes,
        refusal="refusal" in yes,
        subject=subject.removeprefix("Onderwerp: "),
        body=body,
    )


@cache
def overview() -> Mapping[str, Any]:
    """What the shop does with data, AVG art. 15(1)(a)-(h), 15(2): `templates/nl/overview.toml`, its texts as `Ours`."""
    tree = tomllib.loads((_templates() / "nl" / "overview.toml").read_text(encoding="utf-8"))
    return _as_ours(tree)  # type: ignore[no-any-return]


def _as_ours(value: Any) -> Any:
    if isinstance(value, str):
        return Ours(value)
    if isinstance(value, dict):
        return {key: _as_ours(one) for key, one in value.items()}
    return [_as_ours(one) for one in value] if isinstance(value, list) else value


# --- values -----------------------------------------------------------------------------------------------------------

_MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def dutch_date(day: date) -> str:
    """`4 april 2026`; a moment as `4 april 2026 om 14.05 uur`, in Amsterdam."""
    if isinstance(day, datetime):
        local = day.astimezone(AMSTERDAM)
        return f"{dutch_date(local.date())} om {local:%H.%M} uur"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def clean(text: str) -> str:
    """Text without control characters, invisible direction marks and broken surrogates; line ends as new lines."""
    text = _LINE_ENDS.sub("\n", text).encode("utf-8", "replace").decode("utf-8")
    return "".join(
        letter
        for letter in text
        if letter in "\n\t\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co")
    )


def _plain(value: Any) -> str:
    """One line of text for a value. Raises LetterError for None, nothing, and what no letter can say."""
    if isinstance(value, Undefined):
        return str(value)  # raises
    if isinstance(value, date):
        return dutch_date(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise LetterError(f"a value is {value!r}; a letter can say text, whole numbers and dates")
    line = " ".join(clean(value).split())
    if not line:
        raise LetterError("a value is empty")
    return line


def _escaped(line: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", line)


def _in_body(value: Any) -> str:
    return value if isinstance(value, _Safe) else _Safe(_escaped(_plain(value)))


def _in_body_masked(value: Any) -> str:
    said = _in_body(value)
    return said if isinstance(value, Ours | _Safe) or not isinstance(value, str) else MASK


def _in_subject(value: Any) -> str:
    return _plain(value)


def _in_subject_masked(value: Any) -> str:
    said = _plain(value)
    return said if isinstance(value, Ours) or not isinstance(value, str) else MASK


def _optional(value: Any) -> Any:
    """`{{ x | optional }}`: nothing instead of an error when there is nothing."""
    return _Safe("") if value is None or (isinstance(value, str) and not value.strip()) else value


def _iso(value: date) -> str:
    """`{{ x | iso }}`: 2026-04-04; of a moment the day in Amsterdam."""
    if not isinstance(value, date):
        raise LetterError(f"`iso` takes a date, not {value!r}")
    day = value.astimezone(AMSTERDAM) if isinstance(value, datetime) else value
    return _Safe(f"{day:%Y-%m-%d}")


def _sentence(value: str) -> str:
    """`{{ x | sentence }}`: the reason that somebody typed, with a capital and a full stop."""
    line = _plain(value)
    whole = line[:1].upper() + line[1:]
    return _Safe(_escaped(whole if re.search(r"[.!?…][)”’\"']*$", whole) else f"{whole}."))


def _listed(value: Sequence[str]) -> str:
    """`{{ x | listed }}`: a, b en c."""
    *rest, last = [_escaped(_plain(one)) for one in value]
    return _Safe(f"{', '.join(rest)} en {last}" if rest else last)


def _url(value: str) -> str:
    """`[…]({{ x | url }})`: an https: or mailto: address, with everything that Markdown could read percent-encoded."""
    if urlsplit(value).scheme not in ("https", "mailto"):
        raise LetterError("a link must start with https: or mailto:")
    return _Safe(quote(value, safe="%/:?#@!$&'+,;=-._~").replace("&", "&amp;"))


def _lines(value: Sequence[str]) -> str:
    """`{{ x | lines }}`: each text of a list on a line of its own."""
    return _Safe("\\\n".join(_escaped(_plain(line)) for line in value))


def _quoted(value: str) -> str:
    """`{{ x | quoted }}` on a line of its own: several lines of somebody's text as a quotation, as typed."""
    paragraphs = re.split(r"\n\s*\n", clean(value).strip())
    if not any(paragraphs):
        raise LetterError("a value is empty")
    return _Safe("\n>\n".join("> " + _lines(text.split("\n")).replace("\n", "\n> ") for text in paragraphs))


def _paragraphs(value: str) -> str:
    """`{{ x | paragraphs }}` on a line of its own: several lines of somebody's text, as typed, as the letter itself."""
    paragraphs = [text for text in re.split(r"\n\s*\n", clean(value).strip()) if text.strip()]
    if not paragraphs:
        raise LetterError("a value is empty")
    return _Safe("\n\n".join(_lines(text.split("\n")) for text in paragraphs))


def _request(value: str) -> str:
    """`{{ case | request }}`: LES-2026-0042 for the case LES-2026-0042-1."""
    return "-".join(value.split("-")[:3])


def _masked(function: Callable[[Any], str]) -> Callable[[Any], str]:
    """A filter of several lines while a letter is checked."""

    def mask(value: Any) -> str:
        function(value)
        return _Safe(MASK)

    return mask


@pass_context
def _enclosed(context: Context, value: Enclosed) -> str:
    """`{{ x | enclosed }}` on a line of its own: another letter, word for word, in text as text and in HTML as HTML."""
    enclosures: list[Enclosed] = context["_enclosures"]
    enclosures.append(value)
    return _Safe(f"```enclosed {len(enclosures) - 1}\n```")


@cache
def _environment(where: Literal["subject", "body"], masked: bool) -> Environment:
    finalize = {
        ("subject", False): _in_subject,
        ("subject", True): _in_subject_masked,
        ("body", False): _in_body,
        ("body", True): _in_body_masked,
    }[where, masked]
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        loader=FileSystemLoader([_templates() / folder for folder in FOLDERS]),
    )
    environment.filters.update(optional=_optional, iso=_iso, url=_url, request=_request, enclosed=_enclosed)
    environment.filters["lines"] = _masked(_lines) if masked else _lines
    environment.filters["quoted"] = _masked(_quoted) if masked else _quoted
    environment.filters["paragraphs"] = _masked(_paragraphs) if masked else _paragraphs
    environment.filters["sentence"] = _masked(_sentence) if masked else _sentence
    environment.filters["listed"] = _masked(_listed) if masked else _listed
    return environment


@cache
def _compiled(name: str, where: Literal["subject", "body"], masked: bool) -> Any:
    template = load(name)
    return _environment(where, masked).from_string(template.subject if where == "subject" else template.body)


@cache
def _layout() -> Any:
    environment = Environment(loader=FileSystemLoader(_templates()), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("layout.html")


def _render(name: str, values: Mapping[str, Any], masked: bool) -> Rendered:
    template = load(name)
    enclosures: list[Enclosed] = []
    given = {"overview": overview(), **values, "_enclosures": enclosures}
    try:
        subject = _compiled(name, "subject", masked).render(given).strip()
        source = _compiled(name, "body", masked).render(given)
    except (TemplateError, LetterError) as error:
        raise LetterError(f"letter {name}: {error}") from error
    if masked:
        enclosures[:] = [Enclosed(MASK, MASK) for _ in enclosures]
    return Rendered(
        subject=subject,
        text=to_text(source, enclosures),
        html=_layout().render(subject=subject, body=Markup(to_html(source, enclosures))),  # noqa: S704 - made here
        audience=template.audience,
        personal=template.personal,
        approval=template.approval,
    )


def render(name: str, values: Mapping[str, Any]) -> Rendered:
    """A letter with its values, as text and as HTML. Raises LetterError."""
    return _render(name, values, masked=False)


# --- checking ---------------------------------------------------------------------------------------------------------

_SLOTS = (
    (re.compile(r"\[voorbeeld\]", re.IGNORECASE), "the placeholder [Voorbeeld] (policy P12, P46)"),
    (re.compile(r"\{\{|\}\}|\{%|%\}"), "a template mark that was not filled in"),
    (re.compile(r"<(?!mailto:|https:)[^<>\n]{0,80}>"), "an open slot <…>"),
    (re.compile(r"\[(?!(?:■|LES-\d{4}-\d{4,})\])"), "a [ that is not the reference"),
    (re.compile(r"\bNone\b|\bnull\b|\bundefined\b"), "a value that is None"),
    (re.compile(r"\(\s*\)|[ \n][.,;:!?](?=\s|$)|,\s*,"), "an empty field"),
)
_NEGATED = re.compile(
    r"\b(?:niet|geen|nooit)\b|\bhebben\b.*\b(?:verwijderd|vernietigd|gewist)\b(?!.*\bnodig\b)", re.IGNORECASE
)
_NEVER = re.compile(r"(?!)")
_IDENTITY_DOCUMENT = (
    r"(?:identiteits(?:bewijs|kaart|document)|legitimatie\w*|id-?(?:bewijs|kaart)|paspoort|rijbewijs|ID)"
)


@dataclass(frozen=True, slots=True)
class _Forbidden:
    """A sentence that no letter may hold: what it looks like, what makes it harmless, why, and the same for staff."""

    looks: re.Pattern[str]
    unless: re.Pattern[str]
    why: str
    to_staff: str


_FORBIDDEN = (
    _Forbidden(
        re.compile(
            rf"\A(?=.*\b{_IDENTITY_DOCUMENT}\b)"
            r".*\b(?:kopie|scan|foto|afbeelding|\w*stuurt?|\w*sturen|\w*mailt?|\w*mailen|\w*upload\w*|toont?|tonen|zien"
            r"|\w*voeg\w*|\w*lever\w*|overleg\w*|legitimeer\w*|legitimeren|identificeer\w*|identificeren|nodig)\b",
            re.IGNORECASE,
        ),
        _NEGATED,
        "it asks for an identity document (AVG art. 12(6))",
        "Uw tekst vraagt om een identiteitsbewijs. Dat mag niet. Schrijf bijvoorbeeld: “Een kopie van uw "
        "identiteitsbewijs is niet nodig.”",
    ),
    _Forbidden(
        re.compile(
            r"\A(?=.*\b(?:BSN|burgerservicenummer)\b)"
            r".*\b(?:\w*stuurt?|\w*sturen|mailt?|mailen|geeft?|geven|noemt?|vermeldt?|nodig)\b",
            re.IGNORECASE,
        ),
        _NEGATED,
        "it asks for the BSN: there is no ground for it here (UAVG art. 46)",
        "Uw tekst vraagt om een burgerservicenummer. Dat mag een webwinkel niet vragen.",
    ),
    _Forbidden(
        re.compile(
            r"\b(?:IP-?adres\w*|metagegevens|metadata|webbrowser|besturingssysteem|logbestand\w*|dit)\b.*"
            r"\b(?:geen|niet)\b.{0,20}\bpersoonsgegevens\b",
            re.IGNORECASE,
        ),
        _NEVER,
        "it says that IP addresses or the like are no personal data (policy P9, P10, P22)",
        "In uw tekst staat dat een IP-adres of iets dergelijks geen persoonsgegeven is. Dat klopt niet.",
    ),
    _Forbidden(
        re.compile(
            r"dienstverlening.*\bniet langer\b.*\bvoortzetten\b|\bonderdelen van .{0,20}dienstverlening", re.IGNORECASE
        ),
        _NEVER,
        "it repeats a placeholder sentence of the policy (P12, P46)",
        "In uw tekst staat een zin uit het oude privacybeleid die niet klopt: dat de dienstverlening dan stopt.",
    ),
)

_TYPED_SLOTS = (
    (re.compile(r"\[(?!LES-\d{4}-\d{4,}\])[^\]\n]{0,80}\]"), "[ en ]"),
    (re.compile(r"\{\{|\}\}|\{%|%\}"), "{ en }"),
    (re.compile(r"<(?!mailto:|https?:)[^<>@\n]{0,80}>"), "< en >"),
)
"""What staff forgot to fill in, and the marks around it. Mail programs write addresses between < and > too."""

_REASON = (re.compile(r"\bwaarom\b", re.IGNORECASE), "the reason, under a heading with “waarom”")
_WAYS_OUT = (
    (re.compile(r"Autoriteit Persoonsgegevens"), "the Autoriteit Persoonsgegevens"),
    (re.compile(r"\brechtbank\b"), "the way to the rechtbank"),
    (re.compile(r"zes weken"), "the six weeks of UAVG art. 35"),
)


def _forbidden(flat: str) -> list[_Forbidden]:
    """What no letter may hold and this text does. Each clause is judged too: “hebt u geen …, stuur dan uw paspoort”."""
    sentences = re.split(r"(?<=[.!?])\s+", flat)
    clauses = [clause for one in sentences for clause in re.split(r"[,;:]|\b(?:en|maar|dus)\b", one)]
    return [
        rule
        for rule in _FORBIDDEN
        if rule.looks.search(flat)
        and any(rule.looks.search(said) and not rule.unless.search(said) for said in (*sentences, *clauses))
    ]


def lint_text(text: str) -> tuple[str, ...]:
    """What makes words that staff typed unfit for a letter, one Dutch sentence each; empty when they may be used.

    In a letter they are a value and masked, so they are checked here, before a draft is made of them.
    """
    said = clean(text)
    left = next((marks for pattern, marks in _TYPED_SLOTS if pattern.search(said)), "")
    found = [f"Tussen {left} staat nog iets dat u moet invullen of weghalen."] if left else []
    return (*found, *(one.to_staff for one in _forbidden(" ".join(said.split()))))


def check(name: str, values: Mapping[str, Any]) -> Rendered:
    """The letter with its values. Raises LintError when it is unfit to leave.

    Values are masked first: a customer may live in the Voorbeeldstraat and be called {{ x }}. Looks for what was not
    filled in, for sentences that no letter may hold, in every letter that decides for the Autoriteit Persoonsgegevens
    and the court, and in a refusal for its reason too (AVG art. 12(4)).
    """
    try:
        rendered = render(name, values)
        masked = _render(name, values, masked=True)
    except LetterError as error:
        raise LintError(name, (str(error),)) from error
    if findings := tuple(dict.fromkeys(_unfit(load(name), masked))):
        raise LintError(name, findings)
    return rendered


def _unfit(template: Template, masked: Rendered) -> Iterator[str]:
    said = f"{masked.subject}\n{masked.text}"
    flat = " ".join(said.split())
    yield from (what for pattern, what in _SLOTS if pattern.search(said))
    if masked.audience in ("subject", "recipient"):
        yield from (one.why for one in _forbidden(flat))
    if masked.audience == "subject" and "Autoriteit Persoonsgegevens" not in flat:
        yield "it does not name the Autoriteit Persoonsgegevens (policy P33)"
    decides = template.audience == "subject" and template.approval
    kind = "a refusal" if template.refusal else "a decision"
    needed = (*(_WAYS_OUT if template.refusal or decides else ()), *((_REASON,) if template.refusal else ()))
    yield from (f"{kind} without {what} (AVG art. 12(4))" for sign, what in needed if not sign.search(flat))


# --- composing --------------------------------------------------------------------------------------------------------


class _Ids(UnstructuredHeader):
    """A header of Message-IDs, one a line: the library would encode an id that is longer than a line (RFC 2047 §5)."""

    def fold(self, *, policy: Any) -> str:
        """As header lines."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"  # type: ignore[attr-defined]


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("in-reply-to", "references", "message-id"):
        registry.map_to_type(name, _Ids)  # type: ignore[arg-type]  # the registry adds BaseHeader itself
    return registry


_POLICY = SMTP.clone(header_factory=_headers())
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+", re.ASCII)  # RFC 5321 §4.1.2 without quoted strings and UTF-8
_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE | re.ASCII)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,240}>")  # printable ASCII without space, < and >


def compose(
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str,
    date: datetime,
    message_id: str,
    references: Sequence[str] = (),
    mark: str,
    attachments: Sequence[Attached] = (),
) -> bytes:
    """The MIME of a letter: ASCII with CRLF, the same bytes for the same arguments.

    `sender` is the mailbox, `references` the thread, the mail that is answered last; `mark` is `<letter id>.<keyed
    hash>`. Raises LetterError for an address or Message-ID that no header can carry.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise LetterError(f"{message_id!r} is no Message-ID")
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender, FROM_NAME)
    message["To"] = [_address(each) for each in to]
    message["Subject"] = " ".join(clean(subject).split())
    message["Date"] = date.astimezone(AMSTERDAM)
    message["Message-ID"] = message_id
    thread = _thread(references)
    if thread:
        message["In-Reply-To"] = thread[-1]
        message["References"] = " ".join(thread)
    message["Auto-Submitted"] = "auto-replied" if thread else "auto-generated"  # RFC 3834 §5
    message["X-Auto-Response-Suppress"] = SUPPRESS
    message["X-Privacybot"] = mark
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    for file in attachments:
        maintype, _, subtype = file.type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    seed = hashlib.sha256(message_id.encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{seed}")  # neither quoted-printable nor base64 can hold `=_`
    return message.as_bytes()


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise LetterError(f"{address!r} is no address that a mail can be sent to")
    return Address(name, username=local, domain=domain)


def _thread(references: Sequence[str]) -> list[str]:
    """The ids that a header can carry, each once: the first, and the last ones."""
    ids = list(dict.fromkeys(each for each in references if _MESSAGE_ID.fullmatch(each)))
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]]


_REPLY = re.compile(r"^(?:\s*(?:re|antw|aw|sv|fw|fwd|doorst|wg)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)
_REFERENCE = re.compile(r"\[LES-\d{4}-\d{4,}\]")


def reply_subject(subject: str, reference: str) -> str:
    """The subject of an answer: `Re: <theirs> [LES-2026-0042]`, one `Re:` and one reference however long the thread."""
    theirs = " ".join(_REPLY.sub("", _REFERENCE.sub(" ", clean(subject))).split())
    if len(theirs) > LONGEST_SUBJECT:
        theirs = theirs[:LONGEST_SUBJECT].rsplit(" ", 1)[0] + " …"
    return f"Re: {theirs or 'uw bericht'} [{reference}]"


def draft_hash(recipient: str, subject: str, text: str, html: str, attachments: Sequence[Attached]) -> str:
    """SHA-256, in hex, of all that the person will get: what an approval is bound to."""
    total = hashlib.sha256()
    files = [part for file in attachments for part in (file.name, file.type, hashlib.sha256(file.content).hexdigest())]
    for part in (recipient, subject, text, html, *files):
        content = part.encode("utf-8", "surrogatepass")
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


def mailto(address: str, subject: str, body: str) -> str:
    """A link that opens a mail with its subject and text filled in (RFC 6068)."""
    lines = "\r\n".join(body.splitlines())
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(lines, safe='')}"
