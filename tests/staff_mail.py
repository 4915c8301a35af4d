"""Genuine mails of staff, as the programs in which they write make them: replies, and new mails from a button.

Every builder takes the mail of the bot that is answered and the words, and gives a whole MIME message: text and HTML,
the quoted history, the signature that the program adds, its headers. `FORMS` lists them by name. Markup and line ends
are those of the programs of 2025-2026 in Dutch (one of them in English), rewritten by hand.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, make_msgid, parsedate_to_datetime
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

from bot.clock import AMSTERDAM
from bot.sandbox.stage import ACCOUNTS, MAILBOX, STAFF

MONTHS = ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
          "november", "december")  # fmt: skip
DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


@dataclass(frozen=True, slots=True)
class Writer:
    """One of the staff at the moment of writing."""

    at: datetime
    account: str = STAFF

    @property
    def name(self) -> str:
        """What stands in From."""
        return ACCOUNTS.get(self.account, "")


Builder = Callable[[EmailMessage, str, Writer], EmailMessage]


# --- what all of them share ------------------------------------------------------------------------------------------


def _message(writer: Writer, subject: str, to: EmailMessage | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{writer.name} <{writer.account}>" if writer.name else writer.account
    mail["To"] = f"LESSEAU <{MAILBOX}>"
    mail["Subject"] = subject
    mail["Date"] = format_datetime(writer.at.astimezone(AMSTERDAM))
    mail["Message-ID"] = make_msgid(domain=writer.account.partition("@")[2])
    if to is not None:
        mail["In-Reply-To"] = str(to["Message-ID"])
        mail["References"] = f"{to['References'] or ''} {to['Message-ID']}".strip()
    return mail


def _bodies(mail: EmailMessage, text: str, html: str, *, cte: str = "quoted-printable") -> EmailMessage:
    mail.set_content(text, cte=cte)
    mail.add_alternative(html, subtype="html", cte=cte)
    return mail


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail of the bot."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def html_of(mail: EmailMessage) -> str:
    """What stands between `<body>` and `</body>` of a mail of the bot."""
    body = mail.get_body(("html",))
    whole = str(body.get_content()) if body else f"<body><pre>{escape(text_of(mail))}</pre></body>"
    found = re.search(r"<body[^>]*>(.*)</body>", whole, re.S | re.I)
    return (found[1] if found else whole).strip()


def _when(to: EmailMessage) -> datetime:
    return parsedate_to_datetime(str(to["Date"])).astimezone(AMSTERDAM)


def _short(moment: datetime) -> str:
    """9 mrt 2026 om 09:01, as Apple and Google write it."""
    return f"{moment.day} {'mrt' if moment.month == 3 else MONTHS[moment.month - 1][:3]} {moment.year}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.splitlines())


def _recipients(to: EmailMessage) -> str:
    found = getaddresses([str(to["To"])])
    return "; ".join(f"{ACCOUNTS.get(address, name) or address} <{address}>" for name, address in found)


class _Exchange(HTMLParser):
    """HTML as text in the manner of Exchange: links as `words<address>`, lists with `  *   `."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self.links: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One opening tag."""
        if tag in ("style", "head", "title"):
            self.silent += 1
        elif tag == "a":
            self.links.append(str(dict(attrs).get("href") or ""))
        elif tag == "br":
            self.out.append("\n")
        elif tag == "li":
            self.out.append("\n  *   ")
        elif tag in ("p", "h1", "h2", "h3", "table", "hr", "ul", "ol", "div"):
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """One closing tag."""
        if tag in ("style", "head", "title"):
            self.silent -= 1
        elif tag == "a" and self.links:
            link = self.links.pop()
            self.out.append(f"<{link}>" if link else "")
        elif tag in ("p", "h1", "h2", "h3", "table", "ul", "ol"):
            self.out.append("\n")
        elif tag == "td":
            self.out.append("\t")

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self.silent:
            self.out.append(re.sub(r"\s+", " ", data))


def as_exchange_text(html: str) -> str:
    """HTML as the text part that Exchange makes of it."""
    reader = _Exchange()
    reader.feed(html)
    lines = [line.strip() if "*" not in line else line.rstrip() for line in "".join(reader.out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _divs(words: str, attributes: str = "") -> str:
    """Each line in a `<div>`, empty ones with a `<br>`."""
    return "".join(f"<div{attributes}>{escape(line) or '<br>'}</div>" for line in words.split("\n"))


# --- the forms -------------------------------------------------------------------------------------------------------


def iphone(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Mail on an iPhone: its signature, an invisible mark, the whole mail in a blockquote."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    mail["X-Mailer"] = "iPhone Mail (22G86)"
    sign = "Verstuurd vanaf mijn iPhone"
    moment = _when(to)
    wrote = f"Op {_short(moment)} om {moment:%H:%M} heeft LESSEAU <{MAILBOX}> het volgende geschreven:"
    text = f"{words}\n\n{sign}\n\n> {wrote}\n> \n> \ufeff\n{_quoted(text_of(to))}\n"
    html = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body dir="auto">'
        + "<br>".join(escape(line) for line in words.split("\n"))
        + f'<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{sign}</div>'
        + f'<div dir="ltr"><br><blockquote type="cite">{escape(wrote)}<br><br></blockquote></div>'
        + f'<blockquote type="cite"><div dir="ltr">\ufeff{html_of(to)}</div></blockquote></body></html>'
    )
    return _bodies(mail, text, html)


def apple_mail(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Mail on a Mac, with the writer's own signature."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    mail["X-Mailer"] = "Apple Mail (2.3826.700.81)"
    moment = _when(to)
    wrote = f"Op {_short(moment)}, om {moment:%H:%M} heeft LESSEAU <{MAILBOX}> het volgende geschreven:"
    text = f"{words}\n\nMet vriendelijke groet,\n\nSanne de Wit\nLESSEAU\n\n> {wrote}\n> \n{_quoted(text_of(to))}\n"
    html = (
        '<html aria-label="berichttekst"><head><meta http-equiv="content-type" content="text/html; charset=utf-8">'
        '</head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        + "<br>".join(escape(line) for line in words.split("\n"))
        + '<br id="lineBreakAtBeginningOfMessage"><div>\n<meta charset="UTF-8"><div dir="auto" style="caret-color: '
        'rgb(0, 0, 0); color: rgb(0, 0, 0); letter-spacing: normal; text-align: start;"><div>Met vriendelijke groet,'
        "</div><div><br></div><div>Sanne de Wit</div><div>LESSEAU</div></div>\n</div>\n<div><br><blockquote "
        f'type="cite"><div>{escape(wrote)}</div><br class="Apple-interchange-newline"><div>{html_of(to)}</div>'
        "</blockquote></div><br></body></html>"
    )
    return _bodies(mail, text, html)


def outlook_desktop(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Outlook for Windows: Word's HTML, no mark of any kind, only the heading Van/Verzonden/Aan/Onderwerp."""
    mail = _message(writer, f"RE: {to['Subject']}", to)
    mail["Thread-Topic"] = str(to["Subject"])
    mail["Thread-Index"] = "AQHcqg6mB0yZ1kWn9UyV0bG1t8uQ4rW3xXyA"
    mail["Accept-Language"] = "nl-NL, en-US"
    mail["Content-Language"] = "nl-NL"
    mail["X-MS-Has-Attach"] = ""
    mail["X-MS-TNEF-Correlator"] = ""
    moment = _when(to)
    sent = f"{DAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"
    heading = (
        f"<b>Van:</b> LESSEAU &lt;{MAILBOX}&gt; <br><b>Verzonden:</b> {sent}<br><b>Aan:</b> {escape(_recipients(to))}"
        f"<br><b>Onderwerp:</b> {escape(str(to['Subject']))}"
    )
    own = "".join(
        f"<p class=MsoNormal><span style='mso-fareast-language:EN-US'>{escape(line) or '<o:p>&nbsp;</o:p>'}"
        "<o:p></o:p></span></p>"
        for line in words.split("\n")
    )
    signature = "".join(
        f"<p class=MsoNormal><span style='font-family:\"Calibri\",sans-serif'>{line}<o:p></o:p></span></p>"
        for line in ("<o:p>&nbsp;</o:p>", "Met vriendelijke groet,", "<o:p>&nbsp;</o:p>", "Sanne de Wit", "LESSEAU")
    )
    html = (
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head>'
        '<meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft '
        'Word 15 (filtered medium)"><style><!--\np.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;\n\t'
        'font-size:11.0pt;\n\tfont-family:"Aptos",sans-serif;}\n--></style></head>'
        '<body lang=NL link="#467886" vlink="#96607D" style=\'word-wrap:break-word\'><div class=WordSection1>'
        + own
        + signature
        + "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
        + heading
        + "<o:p></o:p></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        + _as_word(html_of(to))
        + "</div></body></html>"
    )
    return _bodies(mail, as_exchange_text(html), html, cte="base64")


def _as_word(html: str) -> str:
    """HTML as Word rewrites it: its own paragraphs and lists, comments gone, most styles kept."""
    html = re.sub(r"<!--.*?-->", "", html, flags=re.S)
    html = re.sub(r"<p\b[^>]*>\s*", "<p class=MsoNormal style='margin-bottom:12.0pt;line-height:18.0pt'>", html)
    html = re.sub(r"<li\b[^>]*>\s*", "<li class=MsoNormal style='margin-bottom:4.5pt;mso-list:l0 level1 lfo1'>", html)
    return html.replace("</p>", "<o:p></o:p></p>").replace("<br />", "<br>")


def _heading_of_the_web(to: EmailMessage, *, english: bool) -> str:
    moment = _when(to)
    if english:
        sent = f"{moment:%A}, {moment:%B} {moment.day}, {moment.year} {moment:%I:%M:%S %p}"
        words = ("From", "Sent", "To", "Subject")
    else:
        sent = f"{DAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"
        words = ("Van", "Verzonden", "Aan", "Onderwerp")
    return (
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" color="#000000" style="font-size:11pt">'
        f"<b>{words[0]}:</b> LESSEAU &lt;{MAILBOX}&gt;<br>\n<b>{words[1]}:</b> {sent}<br>\n<b>{words[2]}:</b> "
        f"{escape(_recipients(to))}<br>\n<b>{words[3]}:</b> {escape(str(to['Subject']))}</font>\n<div>&nbsp;</div>\n"
        "</div>\n"
    )


def _of_the_web(to: EmailMessage, own: str, heading: str) -> tuple[str, str]:
    """Text and HTML of the Outlooks that mark their quotes."""
    html = (
        '<html><head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
        '<style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>\n</head>\n'
        f'<body dir="ltr">\n{own}<div id="appendonsend"></div>\n<hr style="display:inline-block;width:98%" '
        f'tabindex="-1">{heading}<div>{html_of(to)}</div>\n</body>\n</html>\n'
    )
    above, _, below = html.partition('<hr style="display:inline-block')
    text = f"{as_exchange_text(above)}\n{'_' * 32}\n{as_exchange_text('<hr' + below)}\n"
    return text, html


def outlook_web(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Outlook on the web, and the new Outlook for Windows."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    mail["Thread-Topic"] = str(to["Subject"])
    mail["Content-Language"] = "nl-NL"
    style = (
        ' class="elementToProof" style="font-family: Aptos, Aptos_EmbeddedFont, Calibri, Helvetica, sans-serif; '
        'font-size: 12pt; color: rgb(0, 0, 0);"'
    )
    signature = (
        f'<div{style}><br></div>\n<div id="Signature"><p style="margin: 0cm; font-size: 11pt;">Met vriendelijke groet,'
        '</p><p style="margin: 0cm;"><br></p><p style="margin: 0cm;">Sanne de Wit | LESSEAU</p></div>\n'
    )
    text, html = _of_the_web(to, _divs(words, style) + signature, _heading_of_the_web(to, english=False))
    return _bodies(mail, text, html, cte="base64")


def outlook_android(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Outlook for Android, whose headings stay English on many phones."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    mail["Thread-Topic"] = str(to["Subject"])
    own = (
        _divs(words, ' dir="auto" style="font-family: sans-serif; font-size: 12pt; color: rgb(33, 33, 33);"')
        + '<div id="ms-outlook-mobile-signature" dir="auto"><div><br></div>'
        '<a href="https://aka.ms/AAb9ysg">Outlook voor Android</a> downloaden</div>'
    )
    text, html = _of_the_web(to, own, _heading_of_the_web(to, english=True))
    return _bodies(mail, text, html, cte="base64")


def outlook_ios(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Outlook for iPhone and iPad."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    own = (
        _divs(words, ' dir="ltr" style="font-family: Aptos, Aptos_MSFontService, -apple-system; font-size: 12pt;"')
        + '<div id="ms-outlook-mobile-body-separator-line" dir="ltr"><br></div><div id="ms-outlook-mobile-signature">'
        'Verzonden vanuit <a href="https://aka.ms/o0ukef">Outlook voor iOS</a></div>'
    )
    text, html = _of_the_web(to, own, _heading_of_the_web(to, english=False))
    return _bodies(mail, text, html, cte="base64")


def gmail(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Gmail in a browser: `gmail_quote`, and a text part with `> ` and bold words in stars."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    moment = _when(to)
    head = f"Op {DAYS[moment.weekday()][:2]} {_short(moment)} om {moment:%H:%M} schreef LESSEAU <"
    text = f"{words}\n\n{head}{MAILBOX}>:\n\n{_quoted(text_of(to))}\n"
    html = (
        f'<div dir="ltr">{_divs(words)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{escape(head)}<a href="mailto:{MAILBOX}">{MAILBOX}</a>&gt;:<br></div><blockquote '
        'class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">'
        f"{html_of(to)}</blockquote></div>\n"
    )
    return _bodies(mail, text, html)


def samsung(to: EmailMessage, words: str, writer: Writer) -> EmailMessage:
    """Samsung Email: a heading between dashes, the old mail below it without a mark."""
    mail = _message(writer, f"Re: {to['Subject']}", to)
    moment = _when(to)
    heading = (
        f"Van: LESSEAU <{MAILBOX}>",
        f"Datum: {moment:%d-%m-%Y %H:%M} (GMT+01:00)",
        f"Aan: {_recipients(to)}",
        f"Onderwerp: {to['Subject']}",
    )
    title = "-------- Oorspronkelijk bericht --------"
    text = (
        f"{words}\n\n\n\nVerzonden vanaf mijn Galaxy\n\n\n{title}\n"
        + "\n".join(heading)
        + f"\n\n{as_exchange_text(html_of(to))}\n"
    )
    own = _divs(words, ' dir="auto"')
    html = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head>'
        f'<body dir="auto">{own}<div dir="auto"><br></div><div id="composer_signature" '
        'dir="auto"><div style="font-size:12px;color:#575757" dir="auto">Verzonden vanaf mijn Galaxy</div></div>'
        '<div dir="auto"><br></div><div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000">'
        f"<div>{title}</div>{''.join(f'<div>{escape(line)}</div>' for line in heading)}<div><br></div></div>"
        f"{html_of(to)}</body></html>"
    )
    return _bodies(mail, text, html, cte="base64")


FORMS: Mapping[str, Builder] = {
    "iPhone": iphone,
    "Apple Mail": apple_mail,
    "Outlook desktop": outlook_desktop,
    "Outlook web": outlook_web,
    "Outlook Android": outlook_android,
    "Outlook iOS": outlook_ios,
    "Gmail": gmail,
    "Samsung": samsung,
}
"""Replies, by the name of the program."""


# --- buttons ---------------------------------------------------------------------------------------------------------

_BUTTON = re.compile(r'<a\b[^>]*href="(mailto:[^"]*[?]subject=[^"]*)"[^>]*>([^<]*)</a>')


def buttons(mail: EmailMessage) -> dict[str, str]:
    """The `mailto:` buttons of a mail of the bot: what stands on them and where they lead."""
    body = mail.get_body(("html",))
    return {label.strip(): unescape(url) for url, label in _BUTTON.findall(str(body.get_content()) if body else "")}


def tap(mail: EmailMessage, label: str, writer: Writer, more: str = "", *, sign: str = "") -> EmailMessage:
    """The new mail that a button opens, sent as it is filled in, with `more` typed behind the words.

    Raises KeyError when the mail has no such button.
    """
    url = urlsplit(buttons(mail)[label])
    filled = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    new = _message(writer, filled["subject"])
    new.replace_header("To", unquote(url.path))
    new.set_content(f"{filled.get('body', '')}{more}\n{sign}")
    return new


# --- forwards and files ----------------------------------------------------------------------------------------------


def forward(inner: EmailMessage, words: str, writer: Writer, prefix: str = "FW") -> EmailMessage:
    """A mail that Outlook passes on to the bot's mailbox, with words above it."""
    mail = _message(writer, f"{prefix}: {inner['Subject']}")
    moment = _when(inner)
    sent = f"{DAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"
    html = (
        f'<html><body dir="ltr">{_divs(words)}<div id="appendonsend"></div><hr style="display:inline-block;width:98%">'
        f'<div id="divRplyFwdMsg" dir="ltr"><b>Van:</b> {escape(str(inner["From"]))}<br><b>Verzonden:</b> {sent}<br>'
        f"<b>Aan:</b> {escape(str(inner['To']))}<br><b>Onderwerp:</b> {escape(str(inner['Subject']))}</div>"
        f"<div>{html_of(inner)}</div></body></html>"
    )
    above, _, below = html.partition("<hr")
    text = f"{as_exchange_text(above)}\n{'_' * 32}\n{as_exchange_text('<hr' + below)}\n"
    return _bodies(mail, text, html, cte="base64")


def with_files(mail: EmailMessage, files: Sequence[tuple[str, bytes]]) -> EmailMessage:
    """The same mail with files, as attachments."""
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail
