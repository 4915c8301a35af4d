"""The loopback Graph, spoken to in plain httpx and msal: it must behave as Microsoft documents, traps included."""

import base64
import email
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msal
import pytest
import requests

from bot.sandbox.graph import SandboxGraph

INFO, STAFF, CHIEF = "info@winkel.example", "privacy@winkel.example", "directie@winkel.example"
CUSTOMER = "ida@zeil.example"
SCOPE = "https://graph.microsoft.com/.default"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
HOME = f"/v1.0/users/{INFO}"


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def graph(tmp_path: Path, clock: Clock) -> Iterator[SandboxGraph]:
    accounts = {STAFF: "Privacy", CHIEF: "Directie"}
    with SandboxGraph(tmp_path, INFO, clock.now, accounts) as running:
        yield running


def session(graph: SandboxGraph) -> requests.Session:
    plain = requests.Session()
    plain.trust_env, plain.verify = False, str(graph.ca_file)
    return plain


def app(graph: SandboxGraph, credential: Any, **changes: str) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        changes.get("client_id", graph.client_id),
        client_credential=credential,
        authority=f"{graph.authority_url}/{changes.get('tenant', graph.tenant_id)}",
        http_client=session(graph),
        instance_discovery=False,
    )


def token(graph: SandboxGraph, client: httpx.Client) -> str:
    form = {
        "client_id": graph.client_id,
        "client_secret": graph.client_secret,
        "scope": SCOPE,
        "grant_type": "client_credentials",
    }
    url = f"{graph.authority_url}/{graph.tenant_id}/oauth2/v2.0/token"
    return str(client.post(url, data=form).json()["access_token"])


def trust(graph: SandboxGraph) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(graph.ca_file))


@pytest.fixture
def http(graph: SandboxGraph) -> Iterator[httpx.Client]:
    """A client of Graph with a token."""
    with httpx.Client(base_url=graph.url, verify=trust(graph), trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {token(graph, client)}"
        yield client


def letter(subject: str = "Vraag", sender: str = CUSTOMER, to: str = INFO, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = headers.pop("Message_ID", f"<{quote(subject.replace(' ', '-'))}@zeil.example>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Goedendag,\n\nGraag een kopie van mijn gegevens.\n")
    return message


def reply(subject: str = "Re: Vraag", to: str = CUSTOMER, **headers: str) -> EmailMessage:
    return letter(subject, INFO, to, **{"Message_ID": "<antwoord@winkel.example>", **headers})


def mime_draft(http: httpx.Client, message: EmailMessage | bytes, **extra: str) -> httpx.Response:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    headers = {"Content-Type": "text/plain", **IMMUTABLE, **extra}
    return http.post(f"{HOME}/messages", content=base64.b64encode(raw), headers=headers)


def sent_draft(http: httpx.Client, message: EmailMessage | None = None) -> str:
    """A draft made and submitted; its immutable id."""
    draft_id = str(mime_draft(http, message or reply()).json()["id"])
    assert http.post(f"{HOME}/messages/{draft_id}/send").status_code == 202
    return draft_id


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def walk(http: httpx.Client, url: str, **headers: str) -> tuple[list[dict[str, Any]], str, int]:
    """A whole delta round: the items, the deltaLink and the number of pages."""
    items: list[dict[str, Any]] = []
    for page in range(1, 1000):
        answer = http.get(url, headers={**IMMUTABLE, **headers})
        assert answer.status_code == 200, answer.text
        data = answer.json()
        items += data["value"]
        if "@odata.deltaLink" in data:
            return items, data["@odata.deltaLink"], page
        url = data["@odata.nextLink"]
    raise AssertionError("no deltaLink came")


DELTA = f"{HOME}/mailFolders/inbox/messages/delta"


# --- tokens


def test_msal_gets_a_token_with_the_secret_and_keeps_it(graph: SandboxGraph) -> None:
    client = app(graph, graph.client_secret)
    first = client.acquire_token_for_client([SCOPE])
    second = client.acquire_token_for_client([SCOPE])
    assert first["access_token"] == second["access_token"]
    assert second["token_source"] == "cache"
    assert first["expires_in"] > 300
    assert [call.route for call in graph.token_calls] == [
        "/{tenant}/v2.0/.well-known/openid-configuration",
        "/{tenant}/oauth2/v2.0/token",
    ]


def test_msal_gets_a_token_with_the_registered_certificate(graph: SandboxGraph) -> None:
    certificate = graph.certificate()
    assert "access_token" in app(graph, certificate.credential).acquire_token_for_client([SCOPE])
    assert certificate.file.read_text() == certificate.public_certificate + certificate.private_key


def test_a_certificate_that_is_not_registered_is_refused(graph: SandboxGraph) -> None:
    certificate = graph.certificate()
    graph.entra.certificates.clear()
    answer = app(graph, certificate.credential).acquire_token_for_client([SCOPE])
    assert answer["error_codes"] == [700027]


def test_an_assertion_signed_by_another_key_is_refused(graph: SandboxGraph) -> None:
    mine = graph.certificate()
    other = SandboxGraph(graph.folder / "ander", INFO, graph.now, {}).certificate()
    mixed = {"private_key": other.private_key, "public_certificate": mine.public_certificate}
    assert app(graph, mixed).acquire_token_for_client([SCOPE])["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("spoil", "number", "status"),
    [
        (lambda g, form: form.update(client_secret="fout"), 7000215, 401),
        (lambda g, form: setattr(g.entra, "secret_expired", True), 7000222, 401),
        (lambda g, form: form.update(client_id="0000"), 700016, 400),
        (lambda g, form: form.update(scope="https://graph.microsoft.com/Mail.Read"), 70011, 400),
    ],
    ids=["wrong secret", "expired secret", "unknown app", "wrong scope"],
)
def test_the_authority_refuses_with_its_numbers(
    graph: SandboxGraph, spoil: Callable[[SandboxGraph, dict[str, str]], None], number: int, status: int
) -> None:
    form = {
        "client_id": graph.client_id,
        "client_secret": graph.client_secret,
        "scope": SCOPE,
        "grant_type": "client_credentials",
    }
    spoil(graph, form)
    url = f"{graph.authority_url}/{graph.tenant_id}/oauth2/v2.0/token"
    answer = httpx.post(url, data=form, verify=trust(graph), trust_env=False)
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])
    assert f"AADSTS{number}" in answer.json()["error_description"]


def test_an_unknown_tenant_has_no_discovery_document(graph: SandboxGraph) -> None:
    url = f"{graph.authority_url}/11111111-0000-0000-0000-000000000000/v2.0/.well-known/openid-configuration"
    answer = httpx.get(url, verify=trust(graph), trust_env=False)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_a_server_error_of_the_authority_reaches_msal(graph: SandboxGraph) -> None:
    client = app(graph, graph.client_secret)
    graph.faults.add("POST", "*/token", status=503)
    with pytest.raises(msal.exceptions.MsalServiceError):
        client.acquire_token_for_client([SCOPE])


# --- the door: who may do what


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer onzin"}], ids=["no token", "unknown token"])
def test_no_valid_token_is_401(graph: SandboxGraph, headers: dict[str, str]) -> None:
    answer = httpx.get(f"{graph.url}{HOME}/messages", headers=headers, verify=trust(graph), trust_env=False)
    assert code(answer) == (401, "InvalidAuthenticationToken")
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_revoked_and_an_expired_token_are_refused(graph: SandboxGraph, http: httpx.Client) -> None:
    assert http.get(f"{HOME}/messages").status_code == 200
    graph.entra.revoke_tokens()
    assert http.get(f"{HOME}/messages").status_code == 401
    graph.entra.token_seconds = 0
    http.headers["Authorization"] = f"Bearer {token(graph, http)}"
    assert http.get(f"{HOME}/messages").status_code == 401


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/v1.0/users/{STAFF}/messages", (403, "ErrorAccessDenied")),
        ("/v1.0/users/niemand@winkel.example/messages", (404, "ErrorInvalidUser")),
        (f"/v1.0/users/{INFO}", (403, "Authorization_RequestDenied")),
        (f"{HOME}/messages/onzin", (400, "ErrorInvalidIdMalformed")),
        (f"{HOME}/messages/AAMkAD{'x' * 85}=", (404, "ErrorItemNotFound")),
        (f"{HOME}/mailFolders/geenmap", (404, "ErrorItemNotFound")),
    ],
)
def test_refusals_have_graphs_codes(http: httpx.Client, path: str, expected: tuple[int, str]) -> None:
    assert code(http.get(path)) == expected


def test_every_answer_carries_its_request_ids_and_a_date(http: httpx.Client, clock: Clock) -> None:
    answer = http.get(f"{HOME}/mailFolders", headers={"client-request-id": "mijn-eigen-id"})
    assert answer.headers["client-request-id"] == "mijn-eigen-id"
    assert answer.headers["request-id"]
    assert answer.headers["Date"] == "Mon, 02 Nov 2026 08:00:00 GMT"
    inner = http.get(f"{HOME}/messages/onzin").json()["error"]["innerError"]
    assert set(inner) == {"date", "request-id", "client-request-id"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{HOME}/sendMail"),
        ("GET", f"{HOME}/mailboxSettings"),
        ("GET", f"{HOME}/messages?$apply=groupby"),
        ("GET", f"{HOME}/messages?$select=uniqueBody"),
        ("GET", f"{HOME}/messages?$filter=toRecipients/any(r:r/emailAddress/address eq 'a@b.example')"),
        ("GET", "/beta/users"),
    ],
)
def test_what_is_not_modelled_is_501_and_on_record(
    graph: SandboxGraph, http: httpx.Client, method: str, path: str
) -> None:
    answer = http.request(method, path)
    assert answer.status_code == 501
    assert len(graph.unmodelled) == 1
    assert answer.json()["error"]["message"] == graph.unmodelled[0]


# --- folders


@pytest.mark.parametrize(
    "path",
    [
        "/mailFolders/inbox",
        "/mailFolders/Inbox",
        "/mailfolders('inbox')",
        "/mailFolders/msgfolderroot/childFolders/inbox",
    ],
)
def test_a_folder_has_many_spellings(http: httpx.Client, path: str) -> None:
    folder = http.get(HOME + path).json()
    assert folder["displayName"] == "Postvak IN"


def test_a_user_may_stand_in_brackets(http: httpx.Client) -> None:
    assert http.get(f"/v1.0/users('{INFO}')/mailFolders('sentitems')").json()["displayName"] == "Verzonden items"


def test_folders_are_listed_by_pages_and_hidden_ones_on_request(http: httpx.Client) -> None:
    listed = http.get(f"{HOME}/mailFolders?$top=100").json()["value"]
    every = http.get(f"{HOME}/mailFolders?$top=100&includeHiddenFolders=true").json()["value"]
    assert len(every) > len(listed)
    page = http.get(f"{HOME}/mailFolders?$top=3").json()
    following = http.get(page["@odata.nextLink"]).json()
    assert [f["id"] for f in page["value"] + following["value"]] == [f["id"] for f in listed[:6]]
    found = http.get(f"{HOME}/mailFolders", params={"$filter": "displayName eq 'Concepten'"}).json()["value"]
    assert [f["displayName"] for f in found] == ["Concepten"]


def test_folders_are_made_once(http: httpx.Client, graph: SandboxGraph) -> None:
    made = http.post(f"{HOME}/mailFolders", json={"displayName": "Privacyverzoeken"})
    assert made.status_code == 201
    assert code(http.post(f"{HOME}/mailFolders", json={"displayName": "privacyverzoeken"})) == (
        409,
        "ErrorFolderExists",
    )
    below = f"{HOME}/mailFolders/{made.json()['id']}/childFolders"
    inner = http.post(below, json={"displayName": "Afgerond"}).json()
    assert [f["id"] for f in http.get(below).json()["value"]] == [inner["id"]]
    assert http.get(f"{HOME}/mailFolders/{made.json()['id']}").json()["childFolderCount"] == 1
    assert graph.messages("Privacyverzoeken/Afgerond") == []


# --- delta


def test_a_round_lists_what_is_there_and_the_next_one_what_came(http: httpx.Client, graph: SandboxGraph) -> None:
    first = graph.deliver(letter("een"))
    items, link, _ = walk(http, f"{DELTA}?$select=subject,internetMessageId,receivedDateTime")
    assert [(i["id"], i["subject"]) for i in items] == [(first, "een")]
    assert set(items[0]) == {
        "@odata.type",
        "@odata.etag",
        "id",
        "subject",
        "internetMessageId",
        "receivedDateTime",
    }
    assert walk(http, link)[0] == []
    second = graph.deliver(letter("twee"))
    items, _, _ = walk(http, link)
    assert [i["id"] for i in items] == [second]
    assert "subject" in items[0] and "body" not in items[0]  # $select is in the link


def test_pages_follow_the_prefer_header(http: httpx.Client, graph: SandboxGraph) -> None:
    ids = {graph.deliver(letter(f"mail {n}")) for n in range(23)}
    items, _, pages = walk(http, DELTA, Prefer='IdType="ImmutableId", odata.maxpagesize=5')
    assert {i["id"] for i in items} == ids
    assert (len(items), pages) == (23, 5)
    assert walk(http, DELTA)[2] == 3  # ten by default


def test_a_page_of_a_round_may_be_asked_again(http: httpx.Client, graph: SandboxGraph) -> None:
    for n in range(15):
        graph.deliver(letter(f"mail {n}"))
    link = http.get(DELTA).json()["@odata.nextLink"]
    assert http.get(link).json()["value"] == http.get(link).json()["value"]


def test_mail_that_arrives_during_a_round_comes_in_the_next(http: httpx.Client, graph: SandboxGraph) -> None:
    for n in range(15):
        graph.deliver(letter(f"mail {n}"))
    page = http.get(DELTA, headers=IMMUTABLE).json()
    late = graph.deliver(letter("laat"))
    rest, link, _ = walk(http, page["@odata.nextLink"])
    assert late not in [i["id"] for i in page["value"] + rest]
    assert [i["id"] for i in walk(http, link)[0]] == [late]


def test_moved_and_deleted_mail_is_removed_from_the_folder(http: httpx.Client, graph: SandboxGraph) -> None:
    moved, deleted = graph.deliver(letter("een")), graph.deliver(letter("twee"))
    _, link, _ = walk(http, DELTA)
    http.post(f"{HOME}/messages/{moved}/move", json={"destinationId": "archive"})
    http.delete(f"{HOME}/messages/{deleted}")
    items, _, _ = walk(http, link)
    assert {(i["id"], i["@removed"]["reason"]) for i in items} == {(moved, "deleted"), (deleted, "deleted")}


def test_mail_that_came_and_went_between_two_rounds_is_never_listed(http: httpx.Client, graph: SandboxGraph) -> None:
    _, link, _ = walk(http, DELTA)
    http.delete(f"{HOME}/messages/{graph.deliver(letter())}")
    assert walk(http, link)[0] == []


def away_and_back(http: httpx.Client, item: str) -> None:
    for folder in ("archive", "inbox"):
        moved = http.post(f"{HOME}/messages/{item}/move", json={"destinationId": folder}, headers=IMMUTABLE)
        assert moved.json()["id"] == item


def test_with_immutable_ids_a_returned_mail_is_lost_to_delta(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    _, link, _ = walk(http, DELTA)
    away_and_back(http, item)
    items, link, _ = walk(http, link)
    assert [(i["id"], "@removed" in i) for i in items] == [(item, True)]
    assert [m.immutable_id for m in graph.messages("inbox")] == [item]
    http.patch(f"{HOME}/messages/{item}", json={"categories": ["Privacyverzoek"]})
    assert [i["id"] for i in walk(http, link)[0]] == [item]  # listed again once it changes


def test_the_loss_of_returned_mail_can_be_switched_off(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.rounds.loses_returned_items = False
    item = graph.deliver(letter())
    _, link, _ = walk(http, DELTA)
    away_and_back(http, item)
    assert [(i["id"], "@removed" in i) for i in walk(http, link)[0]] == [(item, False)]


def test_with_ordinary_ids_a_returned_mail_is_an_old_id_gone_and_a_new_one(
    http: httpx.Client, graph: SandboxGraph
) -> None:
    item = graph.deliver(letter())
    plain = {"Prefer": "odata.maxpagesize=50"}
    items, link, _ = walk(http, DELTA, **plain)
    away_and_back(http, item)
    after = {i["id"]: "@removed" in i for i in walk(http, link, **plain)[0]}
    assert after == {items[0]["id"]: True, graph.messages("inbox")[0].id: False}


def test_a_filter_holds_back_old_mail_but_not_removals_and_read_marks(
    http: httpx.Client, graph: SandboxGraph, clock: Clock
) -> None:
    old = graph.deliver(letter("oud"), received=clock.now() - timedelta(days=200))
    older = graph.deliver(letter("ouder"), received=clock.now() - timedelta(days=300))
    new = graph.deliver(letter("nieuw"))
    horizon = (clock.now() - timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    items, link, _ = walk(http, f"{DELTA}?$filter=receivedDateTime ge {horizon}")
    assert [i["id"] for i in items] == [new]
    http.patch(f"{HOME}/messages/{old}", json={"isRead": True})
    http.patch(f"{HOME}/messages/{older}", json={"categories": ["x"]})
    http.delete(f"{HOME}/messages/{older}")
    items, _, _ = walk(http, link)
    assert {i["id"]: sorted(k for k in i if k[0] != "@") for i in items} == {
        old: ["id", "isRead", "parentFolderId"],
        older: ["id"],
    }


def test_a_filtered_round_stops_at_5000(http: httpx.Client, graph: SandboxGraph) -> None:
    assert graph.rounds.filter_cap == 5000
    graph.rounds.filter_cap = 12
    newest = [graph.deliver(letter(f"mail {n}")) for n in range(15)][:2:-1]
    clause = "$filter=receivedDateTime ge 2020-01-01T00:00:00Z"
    assert [i["id"] for i in walk(http, f"{DELTA}?{clause}")[0]] == newest
    assert len(walk(http, DELTA)[0]) == 15


@pytest.mark.parametrize("query", ['$search="x"', "$filter=isRead eq true", "$orderby=subject"])
def test_delta_takes_few_options(http: httpx.Client, query: str) -> None:
    assert http.get(f"{DELTA}?{query}").status_code == 400


def test_top_cuts_a_round_short(http: httpx.Client, graph: SandboxGraph) -> None:
    for n in range(5):
        graph.deliver(letter(f"mail {n}"))
    assert len(walk(http, f"{DELTA}?$top=2")[0]) == 2


@pytest.mark.parametrize(("kind", "expected"), [("created", {"new"}), ("updated", {"changed"}), ("deleted", {"gone"})])
def test_change_type_limits_later_rounds(
    http: httpx.Client, graph: SandboxGraph, kind: str, expected: set[str]
) -> None:
    names = {graph.deliver(letter("changed")): "changed", graph.deliver(letter("gone")): "gone"}
    items, link, _ = walk(http, f"{DELTA}?changeType={kind}")
    assert len(items) == 2  # the first round lists everything
    changed, gone = names
    http.patch(f"{HOME}/messages/{changed}", json={"categories": ["x"]})
    http.delete(f"{HOME}/messages/{gone}")
    names[graph.deliver(letter("new"))] = "new"
    assert {names[i["id"]] for i in walk(http, link)[0]} == expected


def test_a_read_mark_is_partial_and_only_told_to_who_selected_it(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    _, watching, _ = walk(http, f"{DELTA}?$select=subject,isRead")
    _, blind, _ = walk(http, f"{DELTA}?$select=subject")
    modified = http.get(f"{HOME}/messages/{item}").json()["lastModifiedDateTime"]
    http.patch(f"{HOME}/messages/{item}", json={"isRead": True})
    partial = walk(http, watching)[0]
    assert [sorted(k for k in i if k[0] != "@") for i in partial] == [["id", "isRead", "parentFolderId"]]
    assert walk(http, blind)[0] == []
    assert http.get(f"{HOME}/messages/{item}").json()["lastModifiedDateTime"] == modified
    graph.rounds.partial_read_items = False
    assert walk(http, watching)[0][0]["subject"] == "Vraag"


def test_empty_pages_and_duplicates_on_request(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.rounds.empty_pages, graph.rounds.duplicates = 2, True
    item = graph.deliver(letter())
    items, link, pages = walk(http, DELTA)
    assert [i["id"] for i in items] == [item, item]
    assert pages == 3
    assert {i["id"] for i in walk(http, link)[0]} == {item}  # a replay


@pytest.mark.parametrize("spelling", ["SyncStateNotFound", "syncStateNotFound", "resyncRequired"])
def test_links_expire(http: httpx.Client, graph: SandboxGraph, spelling: str) -> None:
    _, link, _ = walk(http, DELTA)
    graph.expire_delta(spelling, location=True)
    answer = http.get(link)
    assert code(answer) == (410, spelling)
    assert walk(http, answer.headers["Location"])[2] == 1


def test_only_the_last_few_delta_links_live(http: httpx.Client, graph: SandboxGraph) -> None:
    _, oldest, _ = walk(http, DELTA)
    link = oldest
    for _ in range(graph.rounds.tokens_kept):
        _, link, _ = walk(http, link)
    assert code(http.get(oldest)) == (410, "SyncStateNotFound")
    assert http.get(link).status_code == 200


def test_a_link_of_another_folder_is_dead(http: httpx.Client) -> None:
    _, link, _ = walk(http, DELTA)
    assert http.get(link.replace("inbox", "archive")).status_code == 410


def test_delta_pages_hold_headers_and_whole_attachments(http: httpx.Client, graph: SandboxGraph) -> None:
    message = letter()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="verzoek.pdf")
    graph.deliver(message)
    query = "$select=subject,internetMessageHeaders&$expand=attachments($select=name)"
    item = walk(http, f"{DELTA}?{query}")[0][0]
    assert {"name": "Message-ID", "value": "<Vraag@zeil.example>"} in item["internetMessageHeaders"]
    assert base64.b64decode(item["attachments"][0]["contentBytes"]) == b"%PDF"  # the inner $select is ignored
    graph.rounds.returns_headers = False
    assert "internetMessageHeaders" not in walk(http, f"{DELTA}?{query}")[0][0]


# --- listing


@pytest.fixture
def three(graph: SandboxGraph, clock: Clock) -> list[str]:
    """Three mails of three days, the last of another person."""
    ids = []
    for day, who in enumerate([CUSTOMER, CUSTOMER, "bob@fiets.example"]):
        received = clock.now() - timedelta(days=2 - day)
        ids.append(graph.deliver(letter(f"dag {day}", who), received=received))
    return ids


@pytest.mark.parametrize(
    ("clause", "days"),
    [
        ("internetMessageId eq '<dag-1@zeil.example>'", [1]),
        ("receivedDateTime ge 2026-11-01T08:00:00Z", [2, 1]),
        ("receivedDateTime le 2026-11-01T08:00:00Z", [1, 0]),
        ("receivedDateTime lt 2026-11-01T09:00:00+01:00", [0]),
        ("from/emailAddress/address eq 'IDA@zeil.example'", [1, 0]),
        ("receivedDateTime ge 2026-11-01T00:00:00Z and from/emailAddress/address eq 'ida@zeil.example'", [1]),
        ("subject eq 'dag 0' or contains(subject,'2')", [2, 0]),
        ("not (isRead eq true) and startswith(subject, 'dag') and hasAttachments eq false", [2, 1, 0]),
        ("categories/any(c:c eq 'Privacyverzoek')", []),
    ],
)
def test_filters(http: httpx.Client, three: list[str], clause: str, days: list[int]) -> None:
    answer = http.get(f"{HOME}/messages", params={"$filter": clause}, headers=IMMUTABLE)
    assert [i["id"] for i in answer.json()["value"]] == [three[day] for day in days]


@pytest.mark.parametrize("clause", ["receivedDateTime ge", "naam eq 'x'", "subject is 'x'", "subject eq 'x' )", "§"])
def test_a_filter_that_makes_no_sense_is_400(http: httpx.Client, three: list[str], clause: str) -> None:
    assert http.get(f"{HOME}/messages", params={"$filter": clause}).status_code == 400


def test_what_is_sorted_on_must_be_filtered_on_first(http: httpx.Client, three: list[str]) -> None:
    params = {"$filter": "from/emailAddress/address eq 'ida@zeil.example'", "$orderby": "receivedDateTime desc"}
    assert code(http.get(f"{HOME}/messages", params=params)) == (400, "InefficientFilter")
    params["$filter"] = "receivedDateTime ge 2020-01-01T00:00:00Z and " + params["$filter"]
    answer = http.get(f"{HOME}/messages", params=params, headers=IMMUTABLE)
    assert [i["id"] for i in answer.json()["value"]] == [three[1], three[0]]
    ascending = http.get(f"{HOME}/messages", params={"$orderby": "receivedDateTime"}, headers=IMMUTABLE)
    assert [i["id"] for i in ascending.json()["value"]] == three


def test_listings_come_in_pages_of_ten(http: httpx.Client, graph: SandboxGraph) -> None:
    ids = [graph.deliver(letter(f"mail {n}")) for n in range(25)]
    url: str | None = f"{HOME}/mailFolders/inbox/messages?$select=subject&$count=true"
    seen, sizes = [], []
    while url:
        page = http.get(url, headers=IMMUTABLE).json()
        assert page["@odata.count"] == 25
        sizes.append(len(page["value"]))
        seen += [i["id"] for i in page["value"]]
        assert set(page["value"][0]) == {"@odata.etag", "id", "subject"}
        url = page.get("@odata.nextLink")
    assert (seen, sizes) == (ids[::-1], [10, 10, 5])
    assert len(http.get(f"{HOME}/messages?$top=1000").json()["value"]) == 25
    assert http.get(f"{HOME}/messages?$top=1001").status_code == 400


def test_an_unknown_property_in_select_is_400(http: httpx.Client) -> None:
    assert code(http.get(f"{HOME}/messages?$select=onderwerp")) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("participants:bob@fiets.example", [2]),
        ("from:ida@zeil.example AND subject:dag", [1, 0]),
        ("kopie", [2, 1, 0]),
        ("to:niemand@winkel.example", []),
    ],
)
def test_search(http: httpx.Client, three: list[str], words: str, days: list[int]) -> None:
    answer = http.get(f"{HOME}/messages", params={"$search": f'"{words}"'}, headers=IMMUTABLE)
    assert {i["id"] for i in answer.json()["value"]} == {three[day] for day in days}


def test_search_may_miss_and_goes_with_no_filter(http: httpx.Client, graph: SandboxGraph, three: list[str]) -> None:
    params = {"$search": '"participants:bob@fiets.example"'}
    assert http.get(f"{HOME}/messages", params={**params, "$filter": "isRead eq false"}).status_code == 400
    graph.search_misses = True
    assert http.get(f"{HOME}/messages", params=params).json()["value"] == []


# --- one message


def test_a_message_has_graphs_properties(http: httpx.Client, graph: SandboxGraph, clock: Clock) -> None:
    message = letter("Inzage é", "Ida Hólm <ida@zeil.example>", Cc="kees@zeil.example", Reply_To="anders@zeil.example")
    message["Date"] = "Mon, 02 Nov 2026 08:59:00 +0100"
    item = graph.deliver(message)
    data = http.get(f"{HOME}/messages/{item}").json()
    assert data["subject"] == "Inzage é"
    assert data["from"] == {"emailAddress": {"name": "Ida Hólm", "address": "ida@zeil.example"}}
    assert data["sender"] == data["from"]
    assert [r["emailAddress"]["address"] for r in data["toRecipients"]] == [INFO]
    assert [r["emailAddress"]["address"] for r in data["ccRecipients"]] == ["kees@zeil.example"]
    assert [r["emailAddress"]["address"] for r in data["replyTo"]] == ["anders@zeil.example"]
    assert (data["receivedDateTime"], data["sentDateTime"]) == ("2026-11-02T08:00:00Z", "2026-11-02T07:59:00Z")
    assert (data["isRead"], data["isDraft"], data["hasAttachments"]) == (False, False, False)
    assert data["flag"] == {"flagStatus": "notFlagged"}
    assert data["bodyPreview"].startswith("Goedendag, Graag een kopie")
    assert "internetMessageHeaders" not in data


def test_the_body_is_html_unless_text_is_preferred(http: httpx.Client, graph: SandboxGraph) -> None:
    plain = graph.deliver(letter())
    body = http.get(f"{HOME}/messages/{plain}?$select=body").json()["body"]
    assert body["contentType"] == "html"
    assert "Goedendag,<br>" in body["content"]
    rich = letter("rijk")
    rich.set_content('<p onclick="x()">Dag</p><script>alert(1)</script><p>Ida</p>', subtype="html")
    item = graph.deliver(rich)
    assert "script" not in http.get(f"{HOME}/messages/{item}?$select=body").json()["body"]["content"]
    answer = http.get(f"{HOME}/messages/{item}", headers={"Prefer": 'outlook.body-content-type="text"'})
    assert answer.headers["Preference-Applied"] == 'outlook.body-content-type="text"'
    assert answer.json()["body"] == {"contentType": "text", "content": "Dag\nIda"}


def test_headers_come_when_selected_and_only_on_received_mail(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter(X_Iets="waarde", References=f"<{'a' * 60}@zeil.example> <b@zeil.example>"))
    query = "?$select=internetMessageHeaders"
    headers = http.get(f"{HOME}/messages/{item}{query}").json()["internetMessageHeaders"]
    assert {"name": "X-Iets", "value": "waarde"} in headers
    assert {"name": "References", "value": f"<{'a' * 60}@zeil.example> <b@zeil.example>"} in headers
    graph.headers_without_addresses = True
    fewer = http.get(f"{HOME}/messages/{item}{query}").json()["internetMessageHeaders"]
    assert {h["name"] for h in headers} - {h["name"] for h in fewer} == {"From", "To"}
    draft = mime_draft(http, reply()).json()["id"]
    assert "internetMessageHeaders" not in http.get(f"{HOME}/messages/{draft}{query}").json()
    http.post(f"{HOME}/messages/{draft}/send")
    graph.settle()
    assert "internetMessageHeaders" not in http.get(f"{HOME}/messages/{draft}{query}").json()


def test_mime_is_what_arrived_below_the_stamps(http: httpx.Client, graph: SandboxGraph) -> None:
    raw = b"From: ida@zeil.example\nSubject: kaal\nMessage-ID: <k@zeil.example>\n\n\xff\x00 ruw\n"
    item = graph.deliver(raw)
    answer = http.get(f"{HOME}/messages/{item}/$value")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.content.endswith(raw.replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"geen kop",
        b"From: \xff\xfe\r\nSubject: =?x-raar?q?=E9?=\r\nDate: ooit\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nzonder grens",
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n' + b"--a\r\n" * 50,
        b'Content-Type: text/plain; charset="bestaat-niet"\r\n\r\n\xe9',
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b'Content-Type: message/rfc822; name="x"\r\n\r\n',
    ],
)
def test_broken_mail_is_kept_and_shown(http: httpx.Client, graph: SandboxGraph, raw: bytes) -> None:
    item = graph.deliver(raw)
    assert http.get(f"{HOME}/messages/{item}").status_code == 200
    assert http.get(f"{HOME}/messages/{item}/$value").status_code == 200
    assert http.get(f"{HOME}/messages/{item}/attachments").status_code == 200
    assert graph.unmodelled == []


def test_both_forms_of_id_work_and_prefer_says_which_comes_back(http: httpx.Client, graph: SandboxGraph) -> None:
    immutable = graph.deliver(letter())
    ordinary = http.get(f"{HOME}/messages/{immutable}").json()["id"]
    answer = http.get(f"{HOME}/messages/{ordinary}", headers=IMMUTABLE)
    assert answer.json()["id"] == immutable != ordinary
    assert answer.headers["Preference-Applied"] == 'IdType="ImmutableId"'
    moved = http.post(f"{HOME}/messages/{ordinary}/move", json={"destinationId": "archive"})
    assert moved.status_code == 201
    assert moved.json()["id"] not in (ordinary, immutable)
    assert code(http.get(f"{HOME}/messages/{ordinary}")) == (404, "ErrorItemNotFound")
    assert http.get(f"{HOME}/messages/{immutable}").json()["id"] == moved.json()["id"]


def test_a_message_is_reached_through_its_folder_too(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    assert http.get(f"{HOME}/mailFolders/inbox/messages/{item}/$value").status_code == 200
    assert http.get(f"{HOME}/mailFolders('inbox')/messages('{item}')").json()["subject"] == "Vraag"


def test_marks_are_free_and_content_is_not(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    url = f"{HOME}/messages/{item}"
    marks = {"categories": ["Privacyverzoek"], "flag": {"flagStatus": "flagged"}, "isRead": True}
    data = http.patch(url, json=marks).json()
    assert {name: data[name] for name in marks} == marks
    for fixed in ({"subject": "x"}, {"body": {"contentType": "text", "content": "x"}}, {"internetMessageId": "<x@y>"}):
        assert code(http.patch(url, json=fixed)) == (403, "ErrorAccessDenied")
    assert graph.calls[-1].fields == ("internetMessageId",)


def test_delete_moves_copy_doubles_and_permanent_delete_erases(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    twin = http.post(f"{HOME}/messages/{item}/copy", json={"destinationId": "archive"}, headers=IMMUTABLE)
    assert twin.status_code == 201
    assert http.delete(f"{HOME}/messages/{item}").status_code == 204
    assert [m.immutable_id for m in graph.messages("deleteditems")] == [item]
    assert http.post(f"{HOME}/messages/{item}/permanentDelete").status_code == 204
    assert http.get(f"{HOME}/messages/{item}").status_code == 404
    assert [m.immutable_id for m in graph.messages("archive")] == [twin.json()["id"]]


def test_extended_properties_are_set_read_and_filtered(http: httpx.Client, graph: SandboxGraph) -> None:
    item, _ = graph.deliver(letter("een")), graph.deliver(letter("twee"))
    name = "String {6D0B0001-0000-0000-0000-000000000000} Name botJobId"
    body = {"singleValueExtendedProperties": [{"id": name, "value": "job-7"}]}
    assert "singleValueExtendedProperties" not in http.patch(f"{HOME}/messages/{item}", json=body).json()
    clause = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq 'JOB-7')"
    found = http.get(f"{HOME}/messages", params={"$filter": clause}, headers=IMMUTABLE).json()["value"]
    assert [i["id"] for i in found] == [item]
    expand = f"singleValueExtendedProperties($filter=id eq 'String 0x001A' or id eq '{name}')"
    shown = http.get(f"{HOME}/messages/{item}", params={"$expand": expand}).json()["singleValueExtendedProperties"]
    assert {p["value"] for p in shown} == {"IPM.Note", "job-7"}


def test_headers_given_by_mime_are_filterable_only_when_switched_on(http: httpx.Client, graph: SandboxGraph) -> None:
    sent_draft(http, reply(X_Job="job-9"))
    graph.settle()
    name = "String {00020386-0000-0000-C000-000000000046} Name X-Job"
    params = {"$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq 'job-9')"}
    assert http.get(f"{HOME}/messages", params=params).json()["value"] == []
    graph.mime_headers_filterable = True
    assert len(http.get(f"{HOME}/messages", params=params).json()["value"]) == 1


def test_categories_of_the_master_list(http: httpx.Client) -> None:
    url = f"{HOME}/outlook/masterCategories"
    assert http.post(url, json={"displayName": "Privacyverzoek", "color": "preset4"}).status_code == 201
    assert http.post(url, json={"displayName": "privacyverzoek", "color": "preset5"}).status_code == 409
    assert http.post(url, json={"displayName": "x", "color": "paars"}).status_code == 400
    assert [c["displayName"] for c in http.get(url).json()["value"]] == ["Privacyverzoek"]


# --- drafts and sending


def test_a_mime_draft_stands_in_drafts_with_its_message_id(http: httpx.Client, graph: SandboxGraph) -> None:
    answer = mime_draft(http, reply())
    assert answer.status_code == 201
    data = answer.json()
    assert (data["isDraft"], data["internetMessageId"]) == (True, "<antwoord@winkel.example>")
    assert [m.immutable_id for m in graph.messages("drafts")] == [data["id"]]
    assert http.get(f"{HOME}/messages/{data['id']}/$value").content.endswith(b"mijn gegevens.\r\n")


def test_a_mime_draft_without_message_id_gets_one(http: httpx.Client) -> None:
    data = mime_draft(http, b"To: ida@zeil.example\r\nSubject: x\r\n\r\nhallo").json()
    assert data["internetMessageId"].startswith("<")


@pytest.mark.parametrize("body", [b"geen base64!", b"", b'"SGFsbG8="'], ids=["words", "empty", "quoted"])
def test_mime_that_is_no_base64_is_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post(f"{HOME}/messages", content=body, headers={"Content-Type": "text/plain"})
    assert code(answer) == (400, "ErrorMimeContentInvalidBase64String")


def test_more_than_4_mb_is_refused(http: httpx.Client, graph: SandboxGraph) -> None:
    answer = mime_draft(http, b"To: ida@zeil.example\r\n\r\n" + b"x" * (3 * 1024 * 1024 + 1000))
    assert code(answer) == (413, "ErrorMessageSizeExceeded")
    assert graph.messages("drafts") == []


def test_the_mail_is_out_at_202_while_its_draft_lingers(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = sent_draft(http)
    assert len(graph.inbox_of(CUSTOMER)) == 1
    assert [(m.immutable_id, m.is_draft) for m in graph.messages("drafts")] == [(draft, True)]
    seen = [len(http.get(f"{HOME}/mailFolders/sentitems/messages").json()["value"]) for _ in range(4)]
    assert seen == [0, 0, 1, 1]  # the clock stands still: looking counts
    assert graph.messages("drafts") == []
    data = http.get(f"{HOME}/messages/{draft}", headers=IMMUTABLE).json()
    assert (data["isDraft"], data["internetMessageId"]) == (False, "<antwoord@winkel.example>")


def test_reading_the_inbox_is_no_look(http: httpx.Client, graph: SandboxGraph) -> None:
    sent_draft(http)
    for _ in range(6):
        walk(http, DELTA)
    assert len(graph.messages("drafts")) == 1


def test_time_files_the_sent_item_too(http: httpx.Client, graph: SandboxGraph, clock: Clock) -> None:
    sent_draft(http)
    sent_delta = f"{HOME}/mailFolders/sentitems/messages/delta?$select=internetMessageId"
    items, link, _ = walk(http, sent_delta)
    assert items == []
    clock.forward(seconds=5)
    assert [i["internetMessageId"] for i in walk(http, link)[0]] == ["<antwoord@winkel.example>"]


def test_without_lingering_the_item_is_in_sent_items_at_once(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.draft_lingers = False
    draft = sent_draft(http)
    assert [m.immutable_id for m in graph.messages("sentitems")] == [draft]
    assert code(http.post(f"{HOME}/messages/{draft}/send")) == (400, "ErrorInvalidOperation")
    assert len(graph.outgoing) == 1


def test_a_second_send_while_it_lingers_goes_out_a_second_time(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = sent_draft(http)
    assert http.post(f"{HOME}/messages/{draft}/send").status_code == 202
    assert [sent.message_id for sent in graph.outgoing] == ["<antwoord@winkel.example>"] * 2


def test_the_sent_item_may_have_another_immutable_id(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.keeps_immutable_id_on_send = False
    draft = sent_draft(http)
    graph.settle()
    assert http.get(f"{HOME}/messages/{draft}").status_code == 404
    assert [m.message_id for m in graph.messages("sentitems")] == ["<antwoord@winkel.example>"]


def test_a_lingering_item_may_be_nowhere(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.hides_lingering = True
    draft = sent_draft(http)
    assert graph.messages("drafts") == graph.messages("sentitems") == []
    assert [http.get(f"{HOME}/messages/{draft}").status_code for _ in range(4)] == [404] * 4
    seen = [len(http.get(f"{HOME}/mailFolders/sentitems/messages").json()["value"]) for _ in range(4)]
    assert seen == [0, 0, 1, 1]
    assert http.get(f"{HOME}/messages/{draft}").json()["isDraft"] is False


def test_the_message_id_may_be_rewritten_on_submission(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.rewrites_message_id = True
    sent_draft(http, reply(X_Merk="7"))
    graph.settle()
    (copy,) = graph.messages("sentitems")
    assert copy.message_id == graph.outgoing[0].message_id != "<antwoord@winkel.example>"
    assert copy.mime.header("X-Merk") == "7"


def test_auto_submitted_does_not_leave_but_x_headers_and_threading_do(http: httpx.Client, graph: SandboxGraph) -> None:
    message = reply(
        Auto_Submitted="auto-replied",
        X_Auto_Response_Suppress="DR, RN, NRN, OOF, AutoReply",
        In_Reply_To="<vraag@zeil.example>",
        References="<vraag@zeil.example>",
        Bcc="stil@winkel.example",
    )
    sent_draft(http, message)
    (sent,) = graph.outgoing
    wire = email.message_from_bytes(sent.raw, policy=default)
    assert sent.dropped == (("Auto-Submitted", "auto-replied"),)
    assert wire["Auto-Submitted"] is None and wire["Bcc"] is None
    assert wire["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert wire["In-Reply-To"] == wire["References"] == "<vraag@zeil.example>"
    assert sent.recipients == (CUSTOMER, "stil@winkel.example")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (letter("x", "ander@winkel.example", CUSTOMER), (403, "ErrorSendAsDenied")),
        (letter("x", INFO, "geen adres"), (400, "ErrorInvalidRecipients")),
        (letter("x", INFO, ", ".join(f"k{n}@zeil.example" for n in range(501))), (400, "ErrorExceededMessageLimit")),
    ],
    ids=["other From", "no recipient", "501 recipients"],
)
def test_the_store_refuses_some_drafts(
    http: httpx.Client, graph: SandboxGraph, message: EmailMessage, expected: tuple[int, str]
) -> None:
    draft = mime_draft(http, message).json()["id"]
    assert code(http.post(f"{HOME}/messages/{draft}/send")) == expected
    assert graph.outgoing == []


def test_received_mail_cannot_be_sent(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    assert code(http.post(f"{HOME}/messages/{item}/send")) == (400, "ErrorInvalidOperation")


def test_a_json_draft_is_made_changed_and_sent(http: httpx.Client, graph: SandboxGraph) -> None:
    body = {
        "subject": "Antwoord é",
        "body": {"contentType": "html", "content": "<p>Dag</p>"},
        "toRecipients": [{"emailAddress": {"name": "Ida", "address": CUSTOMER}}],
        "internetMessageHeaders": [{"name": "X-Merk", "value": "7"}],
        "attachments": [
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "name": "a.txt",
                "contentType": "text/plain",
                "contentBytes": base64.b64encode(b"bijlage").decode(),
            }
        ],
    }
    draft = http.post(f"{HOME}/messages", json=body, headers=IMMUTABLE).json()
    assert (draft["subject"], draft["isDraft"], draft["hasAttachments"]) == ("Antwoord é", True, True)
    changes = {
        "subject": "Antwoord",
        "internetMessageId": "<eigen@winkel.example>",
        "body": {"contentType": "text", "content": "Dag Ida"},
        "ccRecipients": [{"emailAddress": {"address": "kees@zeil.example"}}],
    }
    assert http.patch(f"{HOME}/messages/{draft['id']}", json=changes).status_code == 200
    assert http.post(f"{HOME}/messages/{draft['id']}/send").status_code == 202
    wire = email.message_from_bytes(graph.outgoing[0].raw, policy=default)
    assert (wire["Subject"], wire["Message-ID"], wire["X-Merk"]) == ("Antwoord", "<eigen@winkel.example>", "7")
    part = wire.get_body()
    assert part is not None and part.get_content().strip() == "Dag Ida"
    assert [a.get_content() for a in wire.iter_attachments()] == ["bijlage"]
    assert len(graph.inbox_of("kees@zeil.example")) == 1


@pytest.mark.parametrize(
    "headers", [[{"name": "In-Reply-To", "value": "<a@b>"}], [{"name": f"x-{n}", "value": "1"} for n in range(6)]]
)
def test_json_takes_five_x_headers_at_most(http: httpx.Client, headers: list[dict[str, str]]) -> None:
    answer = http.post(f"{HOME}/messages", json={"internetMessageHeaders": headers})
    assert code(answer) == (400, "InvalidInternetMessageHeaderCollection")


@pytest.mark.parametrize("body", [b"{", b"[1]"])
def test_a_body_that_is_no_json_object_is_400(http: httpx.Client, graph: SandboxGraph, body: bytes) -> None:
    answer = http.patch(f"{HOME}/messages/{graph.deliver(letter())}", content=body)
    assert code(answer) == (400, "BadRequest")


def test_a_mime_draft_may_lose_its_attachments(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.mime_drafts_drop_attachments = True
    message = reply()
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="gegevens.zip")
    draft = mime_draft(http, message).json()
    assert draft["hasAttachments"] is False
    assert "kopie" in draft["bodyPreview"]


# --- attachments


@pytest.fixture
def with_files(graph: SandboxGraph) -> str:
    message = letter()
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="verzoek é.pdf")
    message.add_attachment(letter("doorgestuurd"))
    return graph.deliver(message)


def test_attachments_are_listed_and_fetched(http: httpx.Client, with_files: str) -> None:
    url = f"{HOME}/messages/{with_files}/attachments"
    listed = http.get(f"{url}?$select=id,name,size,contentType,isInline").json()["value"]
    assert [(a["name"], a["size"]) for a in listed[:1]] == [("verzoek é.pdf", 4)]
    assert "contentBytes" not in listed[0]
    full = http.get(f"{url}/{listed[0]['id']}").json()
    assert base64.b64decode(full["contentBytes"]) == b"%PDF"
    assert full["@odata.type"] == "#microsoft.graph.fileAttachment"
    bytes_ = http.get(f"{url}/{listed[0]['id']}/$value")
    assert (bytes_.content, bytes_.headers["Content-Type"]) == (b"%PDF", "application/pdf")


def test_an_attached_message_is_an_item_with_its_own_mime(http: httpx.Client, with_files: str) -> None:
    url = f"{HOME}/messages/{with_files}/attachments"
    item = http.get(url).json()["value"][1]
    assert (item["@odata.type"], item["name"]) == ("#microsoft.graph.itemAttachment", "doorgestuurd")
    assert "contentBytes" not in item
    assert b"Subject: doorgestuurd" in http.get(f"{url}/{item['id']}/$value").content
    assert http.get(f"{HOME}/messages/{with_files}").json()["hasAttachments"] is True


def test_inline_pictures_alone_do_not_count_as_attachments(http: httpx.Client, graph: SandboxGraph) -> None:
    message = letter()
    message.add_alternative('<p>Dag <img src="cid:logo"></p>', subtype="html")
    body = message.get_body(("html",))
    assert body is not None
    body.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    item = graph.deliver(message)
    assert http.get(f"{HOME}/messages/{item}").json()["hasAttachments"] is False
    picture = http.get(f"{HOME}/messages/{item}/attachments").json()["value"][0]
    assert (picture["isInline"], picture["contentId"]) == (True, "logo")


def test_a_small_file_is_posted_onto_a_draft(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = mime_draft(http, reply()).json()["id"]
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "overzicht.html", "contentType": "text/html"}
    file["contentBytes"] = base64.b64encode("<p>é</p>".encode()).decode()
    made = http.post(f"{HOME}/messages/{draft}/attachments", json=file)
    assert (made.status_code, made.json()["name"]) == (201, "overzicht.html")
    http.post(f"{HOME}/messages/{draft}/send")
    wire = email.message_from_bytes(graph.outgoing[0].raw, policy=default)
    (attachment,) = wire.iter_attachments()
    assert attachment.get_payload(decode=True) == "<p>é</p>".encode()
    assert wire["Message-ID"] == "<antwoord@winkel.example>"


def test_received_mail_takes_no_attachment_and_large_ones_need_a_session(
    http: httpx.Client, graph: SandboxGraph
) -> None:
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "x", "contentBytes": "AAAA"}
    item = graph.deliver(letter())
    assert http.post(f"{HOME}/messages/{item}/attachments", json=file).status_code == 403
    draft = mime_draft(http, reply()).json()["id"]
    file["contentBytes"] = "A" * (4 * 1024 * 1024 + 400_000)
    assert http.post(f"{HOME}/messages/{draft}/attachments", json=file).status_code == 413


def open_session(http: httpx.Client, draft: str, size: int) -> str:
    plan = {"AttachmentItem": {"attachmentType": "file", "name": "gegevens.zip", "size": size}}
    answer = http.post(f"{HOME}/messages/{draft}/attachments/createUploadSession", json=plan)
    assert (answer.status_code, answer.json()["nextExpectedRanges"]) == (201, ["0-"])
    return str(answer.json()["uploadUrl"])


def put(graph: SandboxGraph, url: str, data: bytes, first: int, total: int, **headers: str) -> httpx.Response:
    span = {"Content-Range": f"bytes {first}-{first + len(data) - 1}/{total}", **headers}
    return httpx.put(url, content=data, headers=span, verify=trust(graph), trust_env=False)


def test_a_large_file_goes_up_in_ranges(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = mime_draft(http, reply()).json()["id"]
    data = bytes(range(256)) * 20_000  # 5 MB
    url = open_session(http, draft, len(data))
    half = 3 * 1024 * 1024
    first = put(graph, url, data[:half], 0, len(data))
    assert (first.status_code, first.json()["nextExpectedRanges"]) == (200, [str(half)])
    again = put(graph, url, data[:half], 0, len(data))
    assert again.status_code == 416  # in order only
    last = put(graph, url, data[half:], half, len(data))
    assert last.status_code == 201 and "Attachments(" in last.headers["Location"]
    http.post(f"{HOME}/messages/{draft}/send")
    (attachment,) = email.message_from_bytes(graph.outgoing[0].raw, policy=default).iter_attachments()
    assert attachment.get_payload(decode=True) == data
    assert put(graph, url, b"x", 0, 1).status_code == 404  # the session is over


def test_upload_ranges_have_rules(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = mime_draft(http, reply()).json()["id"]
    url = open_session(http, draft, 5_000_000)
    assert put(graph, url, b"x" * 10, 0, 5_000_000, Authorization="Bearer x").status_code == 401
    assert put(graph, url, b"x" * (4 * 1024 * 1024 + 1), 0, 5_000_000).status_code == 413
    assert put(graph, url, b"x" * 10, 0, 10).status_code == 400
    assert httpx.put(url, content=b"x", verify=trust(graph), trust_env=False).status_code == 400
    assert httpx.get(url, verify=trust(graph), trust_env=False).json()["nextExpectedRanges"] == ["0"]
    assert httpx.delete(url, verify=trust(graph), trust_env=False).status_code == 204
    assert httpx.get(url, verify=trust(graph), trust_env=False).status_code == 404


# --- what Exchange stamps


def headers_of(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_mail_from_outside_is_stripped_and_stamped(graph: SandboxGraph) -> None:
    forged = letter(
        X_MS_Exchange_Organization_AuthAs="Internal",
        X_MS_Exchange_Organization_AuthSource="nep.prod.outlook.com",
        X_MS_Exchange_CrossTenant_AuthAs="Internal",
        Authentication_Results="nep; dmarc=pass",
    )
    graph.deliver(forged, dmarc="fail", dkim="none", spf="softfail", mail_from="bounce@ander.example")
    stamped = headers_of(graph.inbox_of(INFO)[0])
    assert stamped.get_all("X-MS-Exchange-Organization-AuthAs") == ["Anonymous"]
    (source,) = stamped.get_all("X-MS-Exchange-Organization-AuthSource", [])
    assert source.endswith(".prod.outlook.com")
    assert stamped["X-MS-Exchange-Organization-MessageDirectionality"] == "Incoming"
    top, copy = stamped.get_all("Authentication-Results", [])
    assert "dmarc=fail" in top and "spf=softfail" in top and "dkim=none" in top and "compauth=fail" in top
    assert copy == "nep; dmarc=pass"
    assert stamped["Return-Path"] == "bounce@ander.example"
    assert "DIR:INB" in stamped["X-Forefront-Antispam-Report"]
    assert stamped["X-MS-Exchange-CrossTenant-AuthAs"] == "Internal"  # proves nothing, and stays


def test_mail_of_an_account_is_internal_and_has_no_dmarc(graph: SandboxGraph) -> None:
    graph.send_as(STAFF, letter("akkoord", STAFF))
    stamped = headers_of(graph.inbox_of(INFO)[0])
    assert stamped.get_all("X-MS-Exchange-Organization-AuthAs") == ["Internal"]
    assert stamped["X-MS-Exchange-Organization-MessageDirectionality"] == "Originating"
    (results,) = stamped.get_all("Authentication-Results", [])
    assert "dkim=none" in results and "dmarc=none" in results
    assert [m.subject for m in graph.messages("sentitems", STAFF)] == ["akkoord"]


def test_a_verdict_can_be_given_whole(graph: SandboxGraph) -> None:
    graph.deliver(letter(), authentication="spf=none; dmarc=bestguesspass action=none header.from=zeil.example")
    assert "bestguesspass" in headers_of(graph.inbox_of(INFO)[0])["Authentication-Results"]


def test_a_sender_cannot_write_into_the_verdict(graph: SandboxGraph) -> None:
    graph.deliver(b"From: <x@kwaad.example;dmarc=pass>\r\n\r\nhallo", dmarc="fail", mail_from="y@z.example; dkim=pass")
    verdict = headers_of(graph.inbox_of(INFO)[0])["Authentication-Results"]
    assert "dmarc=pass" not in verdict and "smtp.mailfrom=none" in verdict


def test_mail_without_message_id_gets_one_and_junk_lands_in_junk(graph: SandboxGraph) -> None:
    graph.deliver(b"From: a@b.example\r\n\r\nhallo", folder="junkemail", mail_from="")
    (item,) = graph.messages("junkemail")
    assert item.message_id.startswith("<")
    assert item.mime.header("Return-Path") == "<>"


def test_accounts_write_to_each_other_and_to_outside(graph: SandboxGraph) -> None:
    landed = graph.send_as(STAFF, letter("rond", STAFF, f"{INFO}, {CHIEF}, {CUSTOMER}"))
    assert [m.immutable_id for m in graph.messages("inbox")] == [landed]
    assert len(graph.inbox_of(CHIEF)) == len(graph.inbox_of(CUSTOMER)) == 1
    assert graph.outgoing == []  # did not leave the bot's mailbox
    assert graph.outsiders == [CUSTOMER]
    with pytest.raises(ValueError, match="cannot send as"):
        graph.send_as(STAFF, letter("nep", CHIEF))


def test_mail_of_the_bot_to_staff_is_internal_there(http: httpx.Client, graph: SandboxGraph) -> None:
    sent_draft(http, reply("Akkoord? inzage", STAFF))
    (raw,) = graph.inbox_of(STAFF)
    assert headers_of(raw)["X-MS-Exchange-Organization-AuthAs"] == "Internal"


# --- bounces


def test_a_failing_address_gives_a_report_in_the_inbox(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.fail(CUSTOMER, "5.1.10")
    sent_draft(http, reply(X_Merk="7"))
    assert graph.inbox_of(CUSTOMER) == []
    (item,) = graph.messages("inbox")
    report = headers_of(item.raw)
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    assert report["Return-Path"] == "<>"
    assert report["From"].addresses[0].username.startswith("MicrosoftExchange329e71ec")
    assert report["To"] == CUSTOMER
    _, status, original = report.iter_parts()
    assert status.get_content_type() == "message/delivery-status"
    fields = status.get_payload(1)
    assert (fields["Status"], fields["Action"]) == ("5.1.10", "failed")
    assert fields["Final-Recipient"] == f"rfc822;{CUSTOMER}"
    returned = original.get_content()
    assert (returned["Message-ID"], returned["X-Merk"]) == ("<antwoord@winkel.example>", "7")
    expand = "singleValueExtendedProperties($filter=id eq 'String 0x001A')"
    data = http.get(f"{HOME}/messages/{item.immutable_id}", params={"$expand": expand}).json()
    assert data["singleValueExtendedProperties"][0]["value"] == "REPORT.IPM.Note.NDR"


def test_a_delay_is_reported_as_such(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.fail(CUSTOMER, "4.4.7")
    sent_draft(http)
    assert b"Action: delayed" in graph.inbox_of(INFO)[0]


@pytest.mark.parametrize(("asked", "reports"), [("All", 0), ("NDR", 0), ("DR, RN, NRN, OOF, AutoReply", 1)])
def test_suppressing_all_hides_failures(http: httpx.Client, graph: SandboxGraph, asked: str, reports: int) -> None:
    graph.fail(CUSTOMER)
    sent_draft(http, reply(X_Auto_Response_Suppress=asked))
    assert len(graph.messages("inbox")) == reports


# --- batches, throttling, faults


def test_a_batch_counts_each_of_its_parts(http: httpx.Client, graph: SandboxGraph) -> None:
    item = graph.deliver(letter())
    raw = base64.urlsafe_b64encode(base64.b64encode(reply().as_bytes())).decode()  # a body that is text
    before = len(graph.calls)
    parts = [
        {
            "id": "1",
            "method": "PATCH",
            "url": f"/users/{INFO}/messages/{item}",
            "headers": {"Content-Type": "application/json"},
            "body": {"categories": ["x"]},
        },
        {"id": "2", "method": "GET", "url": f"/users/{INFO}/messages/onzin"},
        {"id": "3", "method": "GET", "url": f"/users/{INFO}/messages?$top=1", "dependsOn": ["2"]},
        {"id": "4", "method": "GET", "url": f"/users/{INFO}/messages/{item}/$value", "dependsOn": ["1"]},
        {
            "id": "5",
            "method": "POST",
            "url": f"/users/{INFO}/messages",
            "headers": {"Content-Type": "text/plain"},
            "body": raw,
        },
    ]
    answer = http.post("/v1.0/$batch", json={"requests": parts})
    assert answer.status_code == 200
    by_id = {part["id"]: part for part in answer.json()["responses"]}
    assert {n: part["status"] for n, part in by_id.items()} == {"1": 200, "2": 400, "3": 424, "4": 200, "5": 201}
    assert b"Goedendag" in base64.b64decode(by_id["4"]["body"])
    assert graph.spent(before) == 4
    assert all(call.batched for call in graph.calls[before:])


def test_a_batch_holds_twenty_at_most(http: httpx.Client) -> None:
    parts = [{"id": str(n), "method": "GET", "url": f"/users/{INFO}/mailFolders"} for n in range(21)]
    assert http.post("/v1.0/$batch", json={"requests": parts}).status_code == 400


def test_a_fifth_request_at_the_same_time_is_throttled(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.faults.add("GET", "*/mailFolders", delay=1.0, times=None)
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(http.get(f"{HOME}/mailFolders"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) == 2
    assert code(refused[0]) == (429, "ApplicationThrottled")
    assert "MailboxConcurrency" in refused[0].json()["error"]["message"]
    assert refused[0].headers["Retry-After"] == "1"


def test_too_many_requests_in_ten_minutes_are_throttled(http: httpx.Client, graph: SandboxGraph, clock: Clock) -> None:
    graph.requests_per_10_minutes = 3
    seen = [http.get(f"{HOME}/mailFolders").status_code for _ in range(4)]
    clock.forward(minutes=11)
    assert [*seen, http.get(f"{HOME}/mailFolders").status_code] == [200, 200, 200, 429, 200]


@pytest.mark.parametrize(
    ("fault", "status", "drafts"),
    [
        ({"status": 503, "headers": {"Retry-After": "7"}}, 503, 0),
        ({"status": 504, "after_effect": True}, 504, 1),
        ({"status": 429}, 429, 0),
        ({"body": lambda body: body[:20]}, 201, 1),
    ],
    ids=["503", "504 after the effect", "429", "truncated"],
)
def test_a_fault_answers_before_or_after_the_effect(
    http: httpx.Client, graph: SandboxGraph, fault: dict[str, Any], status: int, drafts: int
) -> None:
    graph.faults.add("POST", "*/messages", **fault)
    answer = mime_draft(http, reply())
    assert (answer.status_code, len(graph.messages("drafts"))) == (status, drafts)
    if "body" in fault:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    assert graph.calls[-1].status == status
    assert mime_draft(http, reply()).status_code == 201  # once only


@pytest.mark.parametrize(("moment", "drafts"), [("before", 0), ("after", 1)])
def test_a_connection_is_reset_before_or_after_the_effect(
    http: httpx.Client, graph: SandboxGraph, moment: Any, drafts: int
) -> None:
    graph.faults.add("POST", "/users/{mailbox}/messages", reset=moment)
    with pytest.raises(httpx.TransportError):
        mime_draft(http, reply())
    assert len(graph.messages("drafts")) == drafts
    assert (graph.calls[-1].route, graph.calls[-1].status) == ("/users/{mailbox}/messages", 0)
    assert http.get(f"{HOME}/messages").status_code == 200


def test_a_client_that_gives_up_does_not_undo_the_effect(http: httpx.Client, graph: SandboxGraph) -> None:
    draft = mime_draft(http, reply()).json()["id"]
    graph.faults.add("POST", "*/send", delay=0.2, after_effect=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post(f"{HOME}/messages/{draft}/send", timeout=0.05)
    assert len(graph.outgoing) == 1


def test_faults_can_wait_strike_by_chance_and_be_taken_back(http: httpx.Client, graph: SandboxGraph) -> None:
    def ask() -> int:
        return http.get(f"{HOME}/mailFolders").status_code

    fault = graph.faults.add("GET", "*/mailFolders", status=500, skip=1, times=2)
    assert [ask(), ask(), ask(), ask()] == [200, 500, 500, 200]
    assert fault.hits == 2
    chance = graph.faults.add("*", "*", status=503, chance=0.5, times=None)
    statuses = [ask() for _ in range(30)]
    assert {200, 503} == set(statuses)
    graph.faults.remove(chance)
    assert ask() == 200


def test_a_client_that_dies_while_it_speaks_has_no_effect(http: httpx.Client, graph: SandboxGraph) -> None:
    with (
        socket.create_connection(("127.0.0.1", graph.port)) as plain,
        trust(graph).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        head = f"POST {HOME}/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
        head += f"Authorization: {http.headers['Authorization']}\r\nContent-Length: 100\r\n\r\nSGFs"
        connection.sendall(head.encode())
    assert http.get(f"{HOME}/messages").status_code == 200
    assert graph.messages("drafts") == []
    assert [call.method for call in graph.calls] == ["GET"]


def test_an_error_of_the_sandbox_itself_is_seen(http: httpx.Client, graph: SandboxGraph) -> None:
    graph.in_scope = None  # type: ignore[assignment]
    assert code(http.get(f"{HOME}/mailFolders")) == (500, "SandboxError")
    assert "TypeError" in graph.unmodelled[0]


# --- room for a busy day


@pytest.mark.long
def test_ten_thousand_mails_are_served_quickly(http: httpx.Client, graph: SandboxGraph) -> None:
    raw = letter("druk").as_bytes()
    begin = time.monotonic()
    for n in range(1000):
        graph.deliver(raw.replace(b"<druk@", b"<druk-%d@" % n))
    many = 'IdType="ImmutableId", odata.maxpagesize=200'
    items, _, pages = walk(
        http, f"{DELTA}?$select=subject,from,body,internetMessageHeaders,hasAttachments", Prefer=many
    )
    assert (len(items), pages) == (1000, 5)
    assert time.monotonic() - begin < 8  # a tenth of ten thousand, with room for a slow machine
