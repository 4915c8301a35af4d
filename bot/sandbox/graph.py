"""A Microsoft Graph of one tenant on loopback, over TLS: the mailbox that the bot reads in the demo and in the tests.

    with SandboxGraph(folder, "info@winkel.example", clock.now, {"privacy@winkel.example": "Privacy"}) as graph:
        graph.deliver(message)                      # a customer writes
        ...                                         # the bot works on graph.url, graph.authority_url, graph.ca_file
        graph.outgoing                              # what left

It is written from what Microsoft documents and what its users report, traps included; a trap that is not always there
is a switch (an attribute). It never guesses: a route or an option that it does not know is answered with 501, and its
name stands in `unmodelled`, so that a test can fail on it.

Where the facts contradict each other the default is the answer that asks most of the client: an item lingers in Drafts
after /send, a returned item is lost to delta, headers given by MIME cannot be reached as extended properties.
"""

import base64
import email.utils
import json
import threading
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.sandbox import routes
from bot.sandbox.delta import Rounds
from bot.sandbox.entra import Entra
from bot.sandbox.errors import GraphError, Unmodelled, bad_request
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.loopback import Answer, LoopbackServer, Request, json_answer
from bot.sandbox.odata import split_outside
from bot.sandbox.resource import View, timestamp
from bot.sandbox.routes import Call, Office, Upload
from bot.sandbox.tenant import Sent, Tenant
from bot.sandbox.tls import AppCertificate, app_certificate, loopback_tls

__all__ = ["Called", "SandboxGraph", "Sent"]

TENANT_ID = "3f6c1a52-8d0e-4b7a-9c11-5e2d7f9a0b34"
CLIENT_ID = "b81e4d07-62f3-4c9d-8a55-17c0e6d2f9ab"
CLIENT_SECRET = "a.loopback~secret-of-no-worth"
MAX_BATCH = 20


@dataclass(frozen=True, slots=True)
class Called:
    """One request as Graph counts it: each part of a $batch is one, the batch around them is none."""

    method: str
    route: str
    """The path with names in braces: `/users/{mailbox}/messages/{id}/send`."""
    status: int
    """0 when the connection was reset."""
    at: datetime
    """By the sandbox's clock."""
    url: str
    """Path and query as asked."""
    fields: tuple[str, ...] = ()
    """The names in a JSON body: what a PATCH touched."""
    batched: bool = False


class SandboxGraph(Tenant):
    """A tenant that answers on a socket. Use it in a with statement; everything may be called from any thread.

    `folder` takes the CA file and the app's certificate, `mailbox` is the one that the app may reach, `now` the clock
    of everything but tokens, `accounts` the other mailboxes of the tenant (address to display name).
    """

    def __init__(
        self,
        folder: Path,
        mailbox: str,
        now: Callable[[], datetime],
        accounts: Mapping[str, str],
        port: int = 0,
    ) -> None:
        super().__init__(mailbox, now, accounts)
        self.folder = folder
        self.port = port
        self.faults = Faults()
        self.rounds = Rounds()
        """The switches of delta: empty_pages, duplicates, partial_read_items, loses_returned_items, …"""
        self.entra = Entra(TENANT_ID, CLIENT_ID, CLIENT_SECRET)
        """The switches of tokens: secret_expired, token_seconds."""
        self.in_scope = {self.mailbox}
        """The mailboxes that the app may reach; the others answer 403."""
        self.calls: list[Called] = []
        """Every request to Graph, upload ranges included."""
        self.token_calls: list[Called] = []
        """Every request to the authority."""
        self.unmodelled: list[str] = []
        """What was asked and is not modelled, and errors of the sandbox itself; a good run leaves it empty."""
        self.concurrency = 4
        """Requests at a time; more answer 429."""
        self.requests_per_10_minutes: int | None = 10_000
        """By the sandbox's clock; None for no limit."""
        self.retry_after = "1"
        """The Retry-After of throttling; "" leaves the header out."""
        self.search_misses = False
        """$search finds nothing, though the mail is there: it is an index."""
        self.mime_headers_filterable = False
        """X- headers given by MIME can be filtered on as extended properties."""
        self.headers_without_addresses = False
        """internetMessageHeaders leave out From, To, Cc and Sender."""
        self.mime_drafts_drop_attachments = False
        """A draft made from MIME loses its attachments."""
        self.url = ""
        self.ca_file = folder / "sandbox-ca.pem"
        self._uploads: dict[str, Upload] = {}
        self._in_flight = 0
        self._recent: deque[datetime] = deque()
        self._counter = threading.Lock()
        self._certificate: AppCertificate | None = None
        self._closing = ExitStack()

    def __enter__(self) -> "SandboxGraph":
        context, self.ca_file = loopback_tls(self.folder)
        server = self._closing.enter_context(LoopbackServer(self._answer, port=self.port, tls=context))
        self.port = server.port
        self.url = self.entra.url = f"https://localhost:{self.port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.close()

    def at_close(self, callback: Callable[[], None]) -> None:
        """Called when the sandbox is left."""
        self._closing.callback(callback)

    @property
    def authority_url(self) -> str:
        """Where tokens come from, without a path."""
        return self.url

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.entra.tenant_id

    @property
    def client_id(self) -> str:
        """The app's GUID."""
        return self.entra.client_id

    @property
    def client_secret(self) -> str:
        """The app's secret."""
        return self.entra.client_secret

    def certificate(self) -> AppCertificate:
        """The app's registered certificate, made at the first call: `.credential` for msal, `.file` for settings."""
        with self.lock:
            if self._certificate is None:
                self._certificate = app_certificate(self.folder / "app.pem", datetime.now(UTC) + timedelta(days=365))
                self.entra.certificates.append(self._certificate)
            return self._certificate

    def expire_delta(self, code: str = "SyncStateNotFound", *, location: bool = False) -> None:
        """Every delta link given so far is dead: 410 with this code, and with the URL of a fresh round if asked."""
        with self.lock:
            self.rounds.code, self.rounds.gives_location = code, location
            self.rounds.expire()

    def spent(self, since: int = 0) -> int:
        """How many requests were made to Graph, from the `since`th on: `len(graph.calls)` taken earlier."""
        return len(self.calls) - since

    # the way of a request

    def _answer(self, request: Request) -> Answer:
        try:
            answer = self._dispatch(request)
        except Exception:  # an error of the sandbox must be seen by the test that met it
            self.unmodelled.append(traceback.format_exc())
            answer = json_answer(500, {"error": {"code": "SandboxError", "message": traceback.format_exc(limit=1)}})
        request_id = str(uuid.uuid4())
        answer.headers.setdefault("request-id", request_id)
        answer.headers.setdefault("client-request-id", request.header("client-request-id") or request_id)
        answer.headers.setdefault("Date", email.utils.format_datetime(self.now().astimezone(UTC), usegmt=True))
        return answer

    def _dispatch(self, request: Request) -> Answer:
        if request.path == "/v1.0/$batch":
            return self._faulty("/$batch", request, lambda: self._allowed(request, lambda: self._batch(request)))
        if request.path.startswith("/v1.0/"):
            return self._graph_call(request)
        if request.path.startswith("/upload/"):
            return self._recorded("/upload", request, lambda: routes.upload(self._office(), request))
        return self._login(request)

    def _login(self, request: Request) -> Answer:
        tenant, _, rest = request.path.strip("/").partition("/")
        known: Mapping[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "v2.0/.well-known/openid-configuration"): lambda: self.entra.discovery(tenant),
            ("POST", "oauth2/v2.0/token"): lambda: self.entra.token(tenant, request),
        }
        work = known.get((request.method, rest), lambda: self._not_modelled(request, request.path))
        answer = self._faulty("/{tenant}/" + rest, request, work)
        self.token_calls.append(self._called("/{tenant}/" + rest, request, answer, batched=False))
        return answer

    def _graph_call(self, request: Request, *, batched: bool = False) -> Answer:
        route, params, work = routes.find_route(request.method, request.path.removeprefix("/v1.0"))

        def carry_out() -> Answer:
            if work is None:
                return self._not_modelled(request, route)
            call = self._call(request, params)
            answer = work(call)
            applied = _applied(call)
            if applied:
                answer.headers["Preference-Applied"] = applied
            return answer

        return self._recorded(route, request, carry_out, batched=batched)

    def _recorded(self, route: str, request: Request, work: Callable[[], Answer], *, batched: bool = False) -> Answer:
        limited = not batched and route != "/upload"
        with self._counter:
            self._in_flight += limited
            crowd = self._in_flight
        try:
            busy = self._throttled(crowd)
            answer = busy if busy is not None else self._faulty(route, request, lambda: self._allowed(request, work))
        finally:
            with self._counter:
                self._in_flight -= limited
        self.calls.append(self._called(route, request, answer, batched=batched))
        return answer

    def _throttled(self, crowd: int) -> Answer | None:
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        if crowd > self.concurrency:
            return self._error(
                429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", headers
            )
        if self.requests_per_10_minutes is None:
            return None
        now = self.now()
        with self._counter:
            while self._recent and self._recent[0] <= now - timedelta(minutes=10):
                self._recent.popleft()
            self._recent.append(now)
            over = len(self._recent) > self.requests_per_10_minutes
        if over:
            return self._error(429, "ApplicationThrottled", "Application is over its RequestCount limit.", headers)
        return None

    def _faulty(self, route: str, request: Request, work: Callable[[], Answer]) -> Answer:
        """Carries out the request, unless a fault says otherwise; the client sees what the fault lets through."""
        fault = self.faults.strike(request.method, route)
        if fault is None:
            return self._guarded(work)
        if fault.delay and not fault.after_effect:
            time.sleep(fault.delay)
        answer = self._guarded(work) if fault.effect_happens else Answer(0)
        if fault.delay and fault.after_effect:
            time.sleep(fault.delay)
        return self._spoilt(answer, fault)

    def _spoilt(self, answer: Answer, fault: Fault) -> Answer:
        if fault.reset:
            return Answer(0, reset=True)
        if fault.status is not None:
            code = fault.code or _USUAL_CODE.get(fault.status, "UnknownError")
            headers = {"Retry-After": self.retry_after} if fault.status == 429 and self.retry_after else {}
            answer = self._error(fault.status, code, "", headers)
        if callable(fault.body):
            answer.body = fault.body(answer.body)
        elif fault.body is not None:
            answer.body = fault.body
        answer.headers.update(fault.headers)
        return answer

    def _guarded(self, work: Callable[[], Answer]) -> Answer:
        with self.lock:
            try:
                return work()
            except GraphError as refusal:
                return self._error(refusal.status, refusal.code, refusal.message, refusal.headers)
            except Unmodelled as unknown:
                self.unmodelled.append(str(unknown))
                return self._error(501, "NotModelled", str(unknown))

    def _allowed(self, request: Request, work: Callable[[], Answer]) -> Answer:
        if request.path.startswith("/v1.0/"):
            scheme, _, token = request.header("Authorization").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.", _CHALLENGE)
            if not self.entra.accepts(token):
                message = "Lifetime validation failed, the token is expired."
                raise GraphError(401, "InvalidAuthenticationToken", message, _CHALLENGE)
        return work()

    def _call(self, request: Request, params: Mapping[str, str]) -> Call:
        address = params["mailbox"].lower()
        box = self.mailboxes.get(address)
        if box is None:
            raise GraphError(404, "ErrorInvalidUser", f"The requested user '{params['mailbox']}' is invalid.")
        if address not in self.in_scope:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        self.pass_time(box)
        prefer = _preferences(request.header("Prefer"))
        view = View(
            immutable=prefer.get("idtype", "").lower() == "immutableid",
            text=prefer.get("outlook.body-content-type", "").lower() == "text",
            header_properties=self.mime_headers_filterable,
            hide_address_headers=self.headers_without_addresses,
        )
        return Call(self._office(), request, params, box, view, prefer)

    def _office(self) -> Office:
        return Office(self, self.rounds, self._uploads, self.url, self.search_misses, self.mime_drafts_drop_attachments)

    def _batch(self, request: Request) -> Answer:
        try:
            parts = json.loads(request.body)["requests"]
        except (ValueError, KeyError, TypeError) as error:
            raise bad_request("Invalid batch payload format.") from error
        if not isinstance(parts, list) or len(parts) > MAX_BATCH:
            raise bad_request(f"Number of batch request steps exceeds the maximum value of {MAX_BATCH}.")
        statuses: dict[str, int] = {}
        responses = []
        for part in parts:
            waits_for = [statuses.get(str(before), 0) for before in part.get("dependsOn", ())]
            if any(not 200 <= status < 300 for status in waits_for):
                answer = self._error(424, "FailedDependency", "A request that this one depends on has failed.")
            else:
                answer = self._graph_call(_part(part, request), batched=True)
            statuses[str(part["id"])] = answer.status
            responses.append(_response(str(part["id"]), answer))
        return json_answer(200, {"responses": responses})

    def _not_modelled(self, request: Request, route: str) -> Answer:
        raise Unmodelled(f"{request.method} {route}")

    def _called(self, route: str, request: Request, answer: Answer, *, batched: bool) -> Called:
        url = f"{request.path}?{request.query}" if request.query else request.path
        return Called(request.method, route, answer.status, self.now(), url, _fields(request), batched)

    def _error(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
        inner = {
            "date": timestamp(self.now()).removesuffix("Z"),
            "request-id": str(uuid.uuid4()),
            "client-request-id": str(uuid.uuid4()),
        }
        return json_answer(status, {"error": {"code": code, "message": message, "innerError": inner}}, headers)


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://localhost/common/oauth2/authorize"'}
_USUAL_CODE = {
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    410: "SyncStateNotFound",
    429: "ApplicationThrottled",
    500: "ErrorInternalServerError",
    503: "ErrorServerBusy",
    504: "UnknownError",
}


def _preferences(text: str) -> dict[str, str]:
    """The Prefer header as names in lower case and values without quotes."""
    found = {}
    for clause in split_outside(text.replace(";", ","), ","):
        name, _, value = clause.partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found


def _applied(call: Call) -> str:
    """The preferences that were honoured, for Preference-Applied."""
    honoured = ['IdType="ImmutableId"'] if call.view.immutable else []
    if call.view.text:
        honoured.append('outlook.body-content-type="text"')
    return ", ".join(honoured)


def _fields(request: Request) -> tuple[str, ...]:
    if request.method not in ("POST", "PATCH") or not request.body.startswith(b"{"):
        return ()
    try:
        return tuple(json.loads(request.body))
    except ValueError:
        return ()


def _part(part: Mapping[str, Any], outer: Request) -> Request:
    path, _, query = str(part.get("url", "")).partition("?")
    headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    headers["authorization"] = outer.header("Authorization")
    body = part.get("body")
    if isinstance(body, str):  # text and bytes travel as base64 in a batch
        content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    else:
        content = b"" if body is None else json.dumps(body).encode()
    return Request(str(part.get("method", "GET")).upper(), f"/v1.0/{path.strip('/')}", query, headers, content)


def _response(part_id: str, answer: Answer) -> dict[str, Any]:
    written: dict[str, Any] = {"id": part_id, "status": answer.status, "headers": answer.headers}
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        written["body"] = json.loads(answer.body)
    elif answer.body:
        written["body"] = base64.b64encode(answer.body).decode()
    return written
