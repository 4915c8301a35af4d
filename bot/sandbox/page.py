"""A plain page with the mailboxes of the sandbox: a person reads, writes as a customer, replies as staff.

It is served over http on loopback alone. What a mail contains is data: text is escaped, HTML goes through nh3, and the
page's own policy forbids scripts and pictures from elsewhere. Its words are Dutch, as the shop's people are.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from html import escape
from urllib.parse import parse_qsl, quote, unquote, urlencode
from zoneinfo import ZoneInfo

import nh3

from bot.sandbox.graph import SandboxGraph
from bot.sandbox.loopback import Answer, LoopbackServer, Request
from bot.sandbox.mime import Mime
from bot.sandbox.tenant import Tenant

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ROWS = 40
"""Mails shown of a folder before "alle berichten"."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"
STYLES = {"color", "background-color", "padding", "margin", "border", "border-radius", "font-weight", "font-size"}
STYLES |= {"font-family", "text-align", "text-decoration", "line-height", "width", "max-width", "display"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail in some mailbox, as the page lists it."""

    owner: str
    key: str
    """Immutable id in the tenant, number of arrival outside it."""
    mime: Mime
    at: datetime | None
    marks: str = ""

    @property
    def title(self) -> str:
        """Its subject."""
        return self.mime.subject or "(geen onderwerp)"

    @property
    def link(self) -> str:
        """Its own page."""
        return f"/bericht/{quote(self.owner)}/{quote(self.key)}"


def serve_page(graph: SandboxGraph, port: int = 0) -> str:
    """Serves the page until the sandbox is left; gives its address. `port` 0 takes a free one."""
    server = LoopbackServer(lambda request: answer(graph, request), port=port)
    graph.at_close(server.close)
    return f"http://localhost:{server.port}/"


def answer(graph: Tenant, request: Request) -> Answer:
    """The answer to one request of a browser."""
    host = request.header("Host").partition(":")[0]
    if host not in ("localhost", "127.0.0.1"):
        return _page("Niet hier", "<p>Deze pagina is er alleen op dit apparaat.</p>", status=403)
    parts = [unquote(part) for part in request.path.strip("/").split("/")]
    try:
        with graph.lock:
            match (request.method, parts):
                case ("GET", [""]):
                    return _overview(graph)
                case ("GET", ["map", address, folder]):
                    return _folder(graph, address, folder)
                case ("GET", ["bericht", address, key]):
                    return _message(graph, _find(graph, address, key))
                case ("GET", ["bijlage", address, key, number]):
                    return _attachment(_find(graph, address, key), int(number))
                case ("GET", ["schrijven"]):
                    return _form(graph, request.options())
                case ("POST", ["schrijven"]):
                    return _write(graph, request)
    except (KeyError, ValueError, IndexError):
        pass
    except Exception:
        return _page("Fout", f"<pre>{escape(traceback.format_exc())}</pre>", status=500)
    return _page("Niet gevonden", "<p>Dit bericht of deze map is er niet (meer).</p>", status=404)


def _overview(graph: Tenant) -> Answer:
    info = graph.mailboxes[graph.mailbox]
    folders = [f for f in info.folders.values() if f.items or f.well_known in ("inbox", "sentitems")]
    shop = "".join(
        _listing(f.path, _of_folder(graph, graph.mailbox, f.id), f"/map/{quote(graph.mailbox)}/{quote(f.id)}")
        for f in folders
    )
    staff = "".join(
        _listing(f"{box.name} · {address}", _of_folder(graph, address, "inbox"), f"/map/{quote(address)}/inbox")
        for address, box in graph.mailboxes.items()
        if address != graph.mailbox
    )
    customers = "".join(
        _listing(address, _outside(graph, address), f"/map/{quote(address)}/buiten") for address in graph.outsiders
    )
    none_yet = '<p class="leeg">Nog niemand heeft een antwoord gekregen.</p>'
    body = (
        f'<p class="knoppen"><a class="knop" href="/schrijven">Een mail schrijven aan {escape(graph.mailbox)}</a></p>'
        f"<div class=kolommen><section><h2>{escape(graph.mailbox)}</h2>{shop}</section>"
        f"<section><h2>Medewerkers</h2>{staff}</section>"
        f"<section><h2>Klanten en anderen</h2>{customers or none_yet}</section></div>"
    )
    return _page("Postvakken", body, refresh=True)


def _folder(graph: Tenant, address: str, folder: str) -> Answer:
    rows = _outside(graph, address) if folder == "buiten" else _of_folder(graph, address, folder)
    return _page(f"Alle berichten · {address}", _listing(address, rows, "", limit=len(rows)))


def _of_folder(graph: Tenant, address: str, folder: str) -> list[Shown]:
    box = graph.mailboxes[address]
    found = []
    for item in box.newest_first(box.folder_at(folder)):
        marks = [*item.categories, *(["vlag"] if item.flag.get("flagStatus") == "flagged" else [])]
        found.append(Shown(address, item.immutable_id, item.mime, item.received, ", ".join(marks)))
    return found


def _outside(graph: Tenant, address: str) -> list[Shown]:
    mails = [Mime(raw) for raw in graph.inbox_of(address)]
    return [Shown(address, str(n), mime, mime.date) for n, mime in enumerate(mails)][::-1]


def _find(graph: Tenant, address: str, key: str) -> Shown:
    box = graph.mailboxes.get(address)
    if box is None:
        mime = Mime(graph.inbox_of(address)[int(key)])
        return Shown(address, key, mime, mime.date)
    item = box.items[key]
    return Shown(address, key, item.mime, item.received, ", ".join(item.categories))


def _listing(title: str, rows: list[Shown], more: str, limit: int = ROWS) -> str:
    lines = "".join(
        f'<tr><td class=tijd>{_time(row.at)}</td><td><a href="{row.link}">{escape(row.title)}</a>'
        f"{_mark(row.marks)}<br><span class=wie>{escape(_who(row.mime))}</span></td></tr>"
        for row in rows[:limit]
    )
    table = f"<table>{lines}</table>" if rows else '<p class="leeg">Leeg</p>'
    rest = f'<p><a href="{more}">Alle {len(rows)} berichten</a></p>' if more and len(rows) > limit else ""
    return f"<h3>{escape(title)} <small>{len(rows)}</small></h3>{table}{rest}"


def _who(mime: Mime) -> str:
    name, address = mime.sender
    to = ", ".join(address for _, address in mime.addresses("To"))
    return f"{name or address} → {to}"


def _mark(marks: str) -> str:
    return f" <mark>{escape(marks)}</mark>" if marks else ""


def _time(at: datetime | None) -> str:
    return at.astimezone(AMSTERDAM).strftime("%d-%m-%Y %H:%M") if at else ""


def _message(graph: Tenant, shown: Shown) -> Answer:
    mime = shown.mime
    rows = {
        "Van": formataddr(mime.sender) if mime.sender[1] else "",
        "Aan": ", ".join(address for _, address in mime.addresses("To")),
        "Datum": _time(shown.at),
        "Categorie": shown.marks,
    }
    head = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in rows.items() if value)
    files = "".join(
        f'<li><a href="/bijlage/{quote(shown.owner)}/{quote(shown.key)}/{n}">{escape(part.name)}</a> '
        f"<small>{len(part.content) / 1024:.0f} kB</small></li>"
        for n, part in enumerate(mime.attachments())
    )
    html, text = mime.bodies
    body = safe_html(html, shown.owner) if html else f"<pre>{escape(text)}</pre>"
    answerable = shown.owner != graph.mailbox
    ask = urlencode({"postvak": shown.owner, "bericht": shown.key})
    button = f'<p><a class=knop href="/schrijven?{escape(ask)}">Beantwoorden</a></p>' if answerable else ""
    headers = "\n".join(f"{name}: {value}" for name, value in mime.headers)
    return _page(
        shown.title,
        f"<table class=kop>{head}</table>{f'<ul>{files}</ul>' if files else ''}<article>{body}</article>{button}"
        f"<details><summary>Alle kopregels</summary><pre>{escape(headers)}</pre></details>",
    )


def safe_html(html: str, owner: str) -> str:
    """HTML of a mail that a browser may show; a `mailto:` link becomes a link to the form, from this mailbox."""

    def rewrite(tag: str, attribute: str, value: str) -> str | None:
        if tag == "a" and attribute == "href":
            if value.lower().startswith("mailto:"):
                return _form_link(value, owner)
            return value if value.lower().startswith(("http://", "https://")) else None
        return value

    allowed = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
    allowed.setdefault("*", set()).add("style")
    return nh3.clean(
        html,
        tags=nh3.ALLOWED_TAGS - {"img"},
        attributes=allowed,
        attribute_filter=rewrite,
        url_schemes={"http", "https", "mailto"},
        filter_style_properties=STYLES,
    )


def _form_link(mailto: str, owner: str) -> str:
    to, _, query = mailto[7:].partition("?")
    given = {name.lower(): value for name, value in parse_qsl(query.replace("+", "%2B"))}
    fields = {"van": owner, "aan": unquote(to), "onderwerp": given.get("subject", ""), "tekst": given.get("body", "")}
    return "/schrijven?" + urlencode(fields)


def _attachment(shown: Shown, number: int) -> Answer:
    part = shown.mime.attachments()[number]
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(part.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return Answer(200, part.content, headers)


def _form(graph: Tenant, given: Mapping[str, str], trouble: str = "") -> Answer:
    fields = {"van": "", "naam": "", "aan": graph.mailbox, "onderwerp": "", "tekst": "", "antwoord": "", **given}
    if given.get("postvak"):
        fields.update(_reply_fields(_find(graph, given["postvak"], given.get("bericht", ""))))
    value = {name: escape(text) for name, text in fields.items()}
    people = "".join(
        f"<option value={escape(address)}>{escape(box.name)}</option>"
        for address, box in graph.mailboxes.items()
        if address != graph.mailbox
    )
    people += "".join(f"<option value={escape(address)}></option>" for address in graph.outsiders)
    warning = f'<p class="fout">{escape(trouble)}</p>' if trouble else ""
    return _page(
        "Een mail schrijven",
        f"""{warning}<form method=post action=/schrijven><datalist id=mensen>{people}</datalist>
<label>Van (e-mailadres van een verzonnen klant of van een medewerker)
<input name=van type=email required list=mensen value="{value["van"]}"></label>
<label>Naam <input name=naam value="{value["naam"]}"></label>
<label>Aan <input name=aan type=email required value="{value["aan"]}"></label>
<label>Onderwerp <input name=onderwerp value="{value["onderwerp"]}"></label>
<label>Bericht <textarea name=tekst rows=14>{value["tekst"]}</textarea></label>
<label class=vink><input type=checkbox name=vervalst> De afzender is vervalst (alleen bij een klant)</label>
<input type=hidden name=antwoord value="{value["antwoord"]}">
<button class=knop>Versturen</button></form>""",
        status=400 if trouble else 200,
    )


def _reply_fields(shown: Shown) -> dict[str, str]:
    mime = shown.mime
    subject = mime.subject if mime.subject.lower().startswith("re:") else f"Re: {mime.subject}"
    quoted = "\n".join(f"> {line}" for line in mime.text.splitlines())
    lead = f"Op {_time(shown.at)} schreef {mime.sender[0] or mime.sender[1]} <{mime.sender[1]}>:"
    return {
        "van": shown.owner,
        "aan": mime.sender[1],
        "onderwerp": subject,
        "tekst": f"\n\n{lead}\n{quoted}\n",
        "antwoord": mime.message_id,
    }


def _write(graph: Tenant, request: Request) -> Answer:
    origin = request.header("Origin")
    if origin and origin.partition("://")[2] != request.header("Host"):
        return _page("Niet hier", "<p>Dit formulier wordt alleen vanaf deze pagina verstuurd.</p>", status=403)
    given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    sender, to = given.get("van", "").strip().lower(), given.get("aan", "").strip().lower()
    trouble = _trouble(graph, sender, to)
    if trouble:
        return _form(graph, given, trouble)
    message = _composed(graph, given, sender, to)
    if sender in graph.mailboxes:
        graph.send_as(sender, message)
    else:
        verdict = "fail" if "vervalst" in given else "pass"
        graph.deliver(message, to=to, dmarc=verdict, dkim="none" if verdict == "fail" else "pass", spf=verdict)
    return Answer(303, b"", {"Location": "/"})


def _trouble(graph: Tenant, sender: str, to: str) -> str:
    if not all("@" in address and address.isascii() for address in (sender, to)):
        return "Vul bij Van en Aan een e-mailadres in."
    if sender == graph.mailbox:
        return f"Namens {graph.mailbox} schrijft alleen het programma."
    if sender not in graph.mailboxes and to not in graph.mailboxes:
        return "Een klant kan hier alleen aan de winkel schrijven."
    return ""


def _composed(graph: Tenant, given: Mapping[str, str], sender: str, to: str) -> EmailMessage:
    box = graph.mailboxes.get(sender)
    name = given.get("naam", "").strip() or (box.name if box else "")
    message = EmailMessage()
    message["From"] = formataddr((_line(name), _line(sender)))
    message["To"] = _line(to)
    message["Subject"] = _line(given.get("onderwerp", ""))
    message["Date"] = format_datetime(graph.now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    before = _line(given.get("antwoord", ""))
    if before:
        message["In-Reply-To"] = before
        message["References"] = before
    message.set_content(given.get("tekst", "").replace("\r\n", "\n"))
    return message


def _line(text: str) -> str:
    return " ".join(text.split())


def _page(title: str, body: str, *, status: int = 200, refresh: bool = False) -> Answer:
    again = "<meta http-equiv=refresh content=5>" if refresh else ""
    home = "" if refresh else '<p><a href="/">← Alle postvakken</a></p>'
    html = (
        f"<!doctype html><html lang=nl><head><meta charset=utf-8>{again}"
        f'<meta name=viewport content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{home}{body}</body></html>"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "same-origin",
    }
    return Answer(status, html.encode("utf-8", "replace"), headers)


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:84rem;margin:1.5rem auto;padding:0 1rem;color:#222;
background:#faf8f5}
h1{font-size:1.5rem}h2{font-size:1.15rem;border-bottom:2px solid #7a8f5a}h3{font-size:1rem;margin:1rem 0 .2rem}
.kolommen{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1.5rem}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .5rem .3rem 0;vertical-align:top;text-align:left}
tr+tr td{border-top:1px solid #e5e0d8}
.tijd,.wie,small,.leeg{color:#666;font-size:.85rem}.tijd{white-space:nowrap}
article{background:#fff;border:1px solid #e5e0d8;border-radius:6px;padding:1rem 1.5rem;margin:1rem 0;overflow-x:auto}
pre{white-space:pre-wrap;font:inherit}details pre{font:.8rem/1.4 ui-monospace,monospace}
.knop{display:inline-block;background:#566b3a;color:#fff;border:0;border-radius:6px;padding:.5rem 1rem;
text-decoration:none;font:inherit}
label{display:block;margin:.8rem 0}
input:not([type=checkbox]),textarea{display:block;width:100%;font:inherit;padding:.4rem;box-sizing:border-box}
.kop{width:auto}.kop th{padding-right:1rem;color:#666;font-weight:normal}
mark{background:#e4ecd6;border-radius:4px;padding:0 .3rem}
.fout{color:#a00;font-weight:bold}
""".replace("\n", "")
