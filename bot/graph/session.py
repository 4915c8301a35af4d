"""One authenticated line to Microsoft Graph: tokens by msal, the connection by O365, patience by tenacity.

O365 carries the requests and nothing else: it neither refreshes tokens (its app-only refresh fails once msal has
dropped the old one), nor retries (a retried POST may send a mail twice), nor logs (its DEBUG lines hold tokens).
Calls that change nothing twice (`get`, `patch`, `delete`) are tried again here; `post` never is, since a send has no
idempotency key. What Retry-After asks holds for every thread of this session, not only for the one that was told.
"""

import email.utils
import functools
import json
import logging
import math
import re
import secrets
import ssl
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import certifi
import msal
import requests
import tenacity
import urllib3.exceptions
from O365 import Account, Connection, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from bot import killpoint
from bot.clock import Clock, SystemClock
from bot.settings import MICROSOFT_HOSTS, Settings, SettingsError

T = TypeVar("T")

SCOPE = "https://graph.microsoft.com/.default"  # the resource's name; the same in front of a simulator
TIMEOUT = (5, 30)  # seconds to connect, to read
CONCURRENT = 4  # requests at once for one app (Outlook service limit)
CALLS_PER_TEN_MINUTES = 9_800  # of the service's 10,000, with a margin
LARGE = 4 * 1024 * 1024  # bytes from which an answer is not read beside another one
LONGEST_WAIT = 300.0  # seconds that one call waits for a Retry-After before it gives up
LONGEST_RETRY_AFTER = 3600.0  # seconds; a service that asks for more is not believed
LONGEST_READ = 120.0  # seconds of real time for the body of one answer, however steadily it drips
LARGEST_PROGRESS = 64 * 1024  # bytes of an answer that says how far an upload is
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")  # what a code of Graph looks like; anything else might be somebody's words

for _noisy in ("O365", "O365.connection"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL + 1)
logging.getLogger("msal").setLevel(logging.CRITICAL + 1)  # it prints a token response that it cannot read
logging.getLogger("urllib3").setLevel(logging.ERROR)


class GraphError(Exception):
    """Graph did not do what was asked. `status` is 0 when no answer came; `code` is Graph's own word.

    `unsent`: the request never left this machine, so that it surely had no effect.
    """

    def __init__(self, status: int, code: str, retry_after: float | None = None, *, unsent: bool = False) -> None:
        super().__init__(f"Microsoft Graph answered {status or 'nothing'} {code}".rstrip())
        self.status, self.code, self.retry_after, self.unsent = status, code, retry_after, unsent

    @property
    def throttled(self) -> bool:
        """Whether the service said that it is too much at the moment."""
        return self.status in (429, 509)

    @property
    def definite(self) -> bool:
        """Whether the request was surely not carried out: it never left, or was refused other than by throttling."""
        return self.unsent or (400 <= self.status < 500 and self.status not in (408, 423, 429))


class TokenRefused(Exception):
    """Entra gave no token; the text names the AADSTS code and what to do."""

    def __init__(self, codes: tuple[int, ...], text: str, passing: bool = False) -> None:
        super().__init__(text)
        self.codes, self.passing = codes, passing


MENDS = {
    7000222: "the client secret has expired: make a new one in Entra (App registrations, Certificates & secrets)",
    7000215: "the client secret is wrong: copy the secret's Value, not its ID, into mailbox.client_secret_file",
    700027: "the certificate is not known to the app: upload its public part in Entra (Certificates & secrets)",
    700024: "the certificate or this machine's clock is outside its validity: renew it, or set the clock right",
    700016: "the app is not found in this tenant: check mailbox.client_id and mailbox.tenant_id",
    700011: "the app is not found in this tenant: check mailbox.client_id and mailbox.tenant_id",
    90002: "the tenant is not found: check mailbox.tenant_id",
    500011: "the tenant does not know Microsoft Graph under this name: check mailbox.tenant_id",
    65001: "an administrator has not consented: see deploy/microsoft365.ps1",
    53003: "Conditional Access blocks the app: ask the administrator to exempt it",
    50196: "too many identical token requests: wait ten minutes",
}
PASSING_CODES = {90033, 90006, 90024, 90012, 50033, 90055}


def _plain_session(verify: str | bool) -> requests.Session:
    """What msal speaks through: ignores proxies and CA files of the environment, never waits for ever.

    An answer that is not Entra's (an overload, half a JSON, a gateway's error) raises RequestException here, since msal
    takes it for a refusal, keeps it for a minute, or trips over it.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = verify
    plain = session.request

    def ask(method: str, url: str, **options: Any) -> requests.Response:
        with killpoint.around("http", method, url):
            response = plain(method, url, **{"timeout": TIMEOUT, **options})
        try:
            body = response.json()
        except ValueError:
            body = None
        overloaded = response.status_code in (408, 429) or response.status_code >= 500
        if overloaded or not isinstance(body, dict) or not isinstance(body.get("error", ""), str):
            raise requests.RequestException(f"answer {response.status_code}")
        return response

    session.request = ask  # type: ignore[method-assign, assignment]
    return session


@functools.lru_cache(maxsize=4)
def ca_bundle(extra: str) -> str:
    """A file with the usual root certificates and those of `extra`; lives as long as the process."""
    with tempfile.NamedTemporaryFile("wb", suffix=".pem", delete=False) as bundle:
        for place in (certifi.where(), extra):
            with open(place, "rb") as roots:  # noqa: PTH123
                bundle.write(roots.read() + b"\n")
    return bundle.name


def verify_of(settings: Settings) -> str | bool:
    """What TLS is checked against. Raises SettingsError when `mailbox.ca_file` cannot be read."""
    extra = settings.ca_file
    if extra is None:
        return True
    if not extra.is_file():
        raise SettingsError(
            f"{settings.file}: mailbox.ca_file: {extra} does not exist: name the PEM file, or leave it empty"
        )
    return ca_bundle(str(extra))


def credential_of(settings: Settings) -> str | dict[str, str]:
    """The client credential as msal wants it. Raises SettingsError when a file is missing or holds no key."""
    box = settings.mailbox
    if box.client_secret is not None:
        return box.client_secret.get_secret_value()
    if box.client_secret_file is not None:
        return settings.secret("mailbox.client_secret_file", box.client_secret_file)
    assert box.client_certificate is not None
    pem = settings.secret("mailbox.client_certificate", box.client_certificate)
    if "PRIVATE KEY" not in pem or "BEGIN CERTIFICATE" not in pem:
        raise SettingsError(
            f"{settings.file}: mailbox.client_certificate: the PEM must hold the certificate and its key, both"
        )
    return {"private_key": pem, "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE") :]}


def _retry_after(response: requests.Response) -> float | None:
    """Retry-After in seconds, given as (decimal) seconds or as a date; None when absent or unreadable.

    A date is compared with the answer's own Date: the two machines' clocks need not agree.
    """
    text = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
            seconds = (moment - email.utils.parsedate_to_datetime(response.headers["Date"])).total_seconds()
        except (ValueError, TypeError, KeyError):
            return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None


def error_of(response: requests.Response) -> GraphError:
    """The error in an answer: the deepest code that Graph names; its text is never kept (it may hold addresses)."""
    code = ""
    try:
        node = response.json()["error"]
        while isinstance(node, Mapping):
            found = str(node.get("code") or "")
            code = found if _CODE.fullmatch(found) else code
            node = node.get("innerError") or node.get("innererror")
    except (ValueError, KeyError, TypeError, requests.RequestException):
        pass
    return GraphError(response.status_code, code, _retry_after(response))


def _unanswered(error: requests.RequestException) -> GraphError:
    """The error of a request without an answer; it never left when no connection could be made."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused = isinstance(reason, urllib3.exceptions.SSLError) and any(
        isinstance(one, ssl.SSLCertVerificationError) for one in reason.args
    )
    unsent = (
        refused
        or isinstance(error, requests.ConnectTimeout)
        or isinstance(reason, urllib3.exceptions.NewConnectionError)
    )
    return GraphError(0, "NotConnected" if unsent else type(error).__name__, unsent=unsent)


class _Connection(Connection):  # type: ignore[misc]
    """O365's connection with our token on every request and no regard for the environment."""

    session: requests.Session | None
    naive_session: requests.Session | None

    def get_session(self, load_token: bool = False) -> requests.Session:
        session: requests.Session = super().get_session(load_token)
        session.trust_env = False
        return session

    def get_naive_session(self) -> requests.Session:
        session: requests.Session = super().get_naive_session()
        session.trust_env = False
        return session

    def bearer(
        self, token: str, url: str, method: str, seen: list[requests.Response], **kwargs: Any
    ) -> requests.Response:
        """One request with this token; O365 raises requests' exceptions. What was answered stands in `seen` anyway."""
        if self.session is None:
            self.session = self.get_session()
        headers = {**kwargs.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return self._asked(self.session, url, method, seen, headers=headers, **kwargs)

    def nameless(self, url: str, method: str, seen: list[requests.Response], **kwargs: Any) -> requests.Response:
        """One request without a token: the URL of an upload session is its own key."""
        if self.naive_session is None:
            self.naive_session = self.get_naive_session()
        return self._asked(self.naive_session, url, method, seen, **kwargs)

    def _asked(
        self, session: requests.Session, url: str, method: str, seen: list[requests.Response], **kwargs: Any
    ) -> requests.Response:
        def note(response: requests.Response, *_: Any, **__: Any) -> None:
            seen.append(response)

        response: requests.Response = self._internal_request(session, url, method, hooks={"response": note}, **kwargs)
        return response


class GraphSession:
    """Calls to one mailbox. Thread-safe. `calls` counts requests as Graph does.

    The service's limits hold for the app, so all its workers share them: `at_once` is the share of this one in the four
    requests at a time, `others` the calls that the others made in ten minutes, both as of `shared` (`bot/budgets.py`).
    `patience` is the sleep of the retries, an argument so that replays need not wait; `on_call` runs at each request,
    `on_large` before more than `LARGE` bytes are read (`bot/room.py`).
    `name` is this session's own.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        patience: Callable[[float], None] | None = None,
        on_call: Callable[[], None] = lambda: None,
        on_large: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._on_call, self._on_large = on_call, on_large
        self.name = secrets.token_hex(4)
        self.calls = 0
        self.at_once, self.others = CONCURRENT, 0
        self.shared: datetime | None = None
        self._limited = settings.limits.messages_per_minute > 0  # 0 = no budgets, loopback only
        self._clock = clock or SystemClock()
        self._credential = credential_of(settings)
        self._verify = verify_of(settings)
        self._app: Any = None
        self._token = ""
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._free = threading.Condition()
        self._busy = 0
        self._paused_until = 0.0
        self._recent: deque[float] = deque()
        self.patience = patience or tenacity.nap.sleep
        box = settings.mailbox

        class Protocol(MSGraphProtocol):  # type: ignore[misc]
            _protocol_url = box.graph_url + "/"

        class OneAccount(Account):  # type: ignore[misc]
            @staticmethod
            def connection_constructor(credentials: Any, **kwargs: Any) -> Connection:
                return _Connection(credentials, **kwargs)

        account = OneAccount(
            (box.client_id, "unused"),
            auth_flow_type="credentials",
            tenant_id=box.tenant_id,
            protocol=Protocol(timezone="UTC"),
            main_resource=box.address,
            verify_ssl=self._verify,
            token_backend=MemoryTokenBackend(),
            request_retries=0,
            requests_delay=0,
            timeout=TIMEOUT,
            default_headers={"Prefer": 'IdType="ImmutableId"'},
        )
        self._connection: _Connection = account.con
        self.root = f"{box.graph_url}/v1.0"
        self.mailbox_url = self.user_url(box.address)

    def user_url(self, address: str) -> str:
        """The URL of one mailbox."""
        return f"{self.root}/users/{quote(address)}"

    def token(self) -> str:
        """A valid token from msal's cache or from Entra. Raises TokenRefused."""
        with self._lock:
            try:
                if self._app is None:
                    box = self.settings.mailbox
                    authority = f"{box.authority_url}/{box.tenant_id}"
                    known = any(f"https://{host}/" in authority for host in MICROSOFT_HOSTS)
                    self._app = msal.ConfidentialClientApplication(
                        box.client_id,
                        client_credential=self._credential,
                        authority=authority,
                        http_client=_plain_session(self._verify),
                        instance_discovery=None if known else False,
                    )
                answer: dict[str, Any] = self._app.acquire_token_for_client([SCOPE])
            except (requests.RequestException, msal.exceptions.MsalServiceError) as error:
                raise TokenRefused(
                    (), f"the token endpoint cannot be reached ({type(error).__name__})", passing=True
                ) from None
            except ValueError as error:
                if self._app is None and "private" in str(error).lower():
                    raise TokenRefused(
                        (), "mailbox.client_certificate holds no usable private key: export it again"
                    ) from None
                raise TokenRefused(
                    (), "Entra does not know the tenant: check mailbox.tenant_id and mailbox.authority_url"
                ) from None
        if "access_token" in answer:
            self._token = str(answer["access_token"])
            return self._token
        codes = tuple(int(code) for code in answer.get("error_codes") or ())
        mend = next((MENDS[code] for code in codes if code in MENDS), "see the sign-in log of the app in Entra")
        shown = ", ".join(f"AADSTS{code}" for code in codes) or str(answer.get("error", "no code"))
        raise TokenRefused(codes, f"{shown}: {mend}", passing=bool(PASSING_CODES.intersection(codes)))

    def forget_token(self, token: str) -> None:
        """Makes the next call ask Entra for a new token, unless another thread has one already."""
        with self._lock:
            if self._app is not None and self._token == token:
                self._app.remove_tokens_for_client()

    def _ask(self, method: str, url: str, read: Callable[[requests.Response], T], **kwargs: Any) -> T:
        """One request, asked again only when its token was refused (so it had no effect). Raises GraphError."""
        for last in (False, True):
            token = self.token()
            try:
                return self._one(
                    method, url, read, functools.partial(self._connection.bearer, token, url, method, **kwargs)
                )
            except GraphError as error:
                if error.status != 401 or last:
                    raise
                self.forget_token(token)
        raise AssertionError

    def _one(
        self,
        method: str,
        url: str,
        read: Callable[[requests.Response], T],
        send: Callable[[list[requests.Response]], requests.Response],
    ) -> T:
        """One request, counted, in its turn; `read` takes what it needs of the answer while the slot is held."""
        self._wait_for_pause()
        seen: list[requests.Response] = []
        try:
            with self._slot():
                self._count()
                with killpoint.around("graph", method, url), send(seen) as response:
                    return read(response)
        except requests.HTTPError as error:
            raise self._told(error_of(error.response) if error.response is not None else _unanswered(error)) from None
        except requests.RequestException as error:
            raise _unanswered(error) from None
        except AttributeError:  # an error body that is JSON but not of Graph's form trips O365
            raise self._told(error_of(seen[-1]) if seen else GraphError(500, "UnreadableError")) from None

    def _told(self, error: GraphError) -> GraphError:
        """Notes how long the service wants to be left alone."""
        if error.retry_after and error.status in (429, 503, 509):
            with self._counting:
                self._paused_until = max(self._paused_until, time.monotonic() + error.retry_after)
        return error

    def _wait_for_pause(self) -> None:
        """Waits for what Retry-After asked of another thread; GraphError, `unsent`, when that takes too long."""
        with self._counting:
            left = self._paused_until - time.monotonic()
        if left > LONGEST_WAIT:
            raise GraphError(429, "Paused", left, unsent=True)
        if left > 0:
            self.patience(left)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the requests at a time."""
        with self._free:
            self._free.wait_for(lambda: self._busy < self.at_once)
            self._busy += 1
        try:
            yield
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify()

    def _count(self) -> None:
        with self._counting:
            now = self._clock.now().timestamp()
            self._forget_old(now)
            if self._limited and len(self._recent) + self.others >= CALLS_PER_TEN_MINUTES:
                oldest = self._recent[0] if self._recent else now
                raise GraphError(429, "OwnCallBudget", retry_after=max(1.0, oldest + 600 - now), unsent=True)
            self._recent.append(now)
            self.calls += 1
        self._on_call()

    def _forget_old(self, now: float) -> None:
        while self._recent and self._recent[0] < now - 600:
            self._recent.popleft()

    def recent_calls(self) -> int:
        """How many calls this session made in the last ten minutes."""
        with self._counting:
            self._forget_old(self._clock.now().timestamp())
            return len(self._recent)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, GraphError) and error.retry_after is not None:
            return error.retry_after
        return tenacity.wait_random_exponential(multiplier=1, max=20)(state)

    def _again(self, call: Callable[[], Any]) -> Any:
        def passing(error: BaseException) -> bool:
            if isinstance(error, TokenRefused):
                return error.passing
            if not isinstance(error, GraphError) or error.code in ("OwnCallBudget", "Paused"):
                return False
            if (error.retry_after or 0) > LONGEST_WAIT:
                return False
            return error.status in (0, 408, 423, 429, 500, 502, 503, 504, 509)

        return tenacity.Retrying(
            reraise=True,
            stop=tenacity.stop_after_attempt(5),
            wait=self._wait,
            retry=tenacity.retry_if_exception(passing),
            sleep=self.patience,
        )(call)

    def get(
        self, url: str, *, prefer: str = "", params: Mapping[str, str] | None = None, limit: int = 0
    ) -> dict[str, Any]:
        """The JSON of a GET, with patience; over `limit` bytes, if one is given, it is GraphError 413 AnswerTooLarge.

        Raises GraphError, TokenRefused.
        """
        headers = {"Prefer": prefer} if prefer else {}

        def call() -> dict[str, Any]:
            raw = self._ask(
                "get", url, lambda response: _streamed(response, limit), headers=headers, params=params, stream=True
            )
            if raw is None:
                raise GraphError(413, "AnswerTooLarge")
            return _object(raw)

        result: dict[str, Any] = self._again(call)
        return result

    def get_bytes(self, url: str, limit: int) -> bytes | None:
        """The bytes of a GET, streamed; None when they are more than `limit`. Over `LARGE` it takes a second call."""

        def call(most: int) -> bytes | None:
            return self._ask("get", url, lambda response: _streamed(response, most), stream=True)

        small: bytes | None = self._again(lambda: call(min(limit, LARGE)))
        if small is not None or limit <= LARGE:
            return small
        self._on_large()
        large: bytes | None = self._again(lambda: call(limit))
        return large

    def patch(self, url: str, body: Mapping[str, Any]) -> None:
        """A change that may safely be made twice."""
        self._again(lambda: self._ask("patch", url, _nothing, data=dict(body)))

    def delete(self, url: str) -> None:
        """A removal; one that is gone already is no error."""

        def call() -> None:
            try:
                self._ask("delete", url, _nothing)
            except GraphError as error:
                if error.status != 404:
                    raise

        self._again(call)

    def post(self, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One POST of JSON, never repeated. Raises GraphError, whose `definite` says that it had no effect."""
        return self._ask("post", url, _answered, data=dict(body) if body is not None else None, stream=True)

    def post_text(self, url: str, text: bytes) -> dict[str, Any]:
        """One POST of base64 MIME, never repeated. Spelt `Content-type`, or O365 would quote it as JSON."""
        return self._ask("post", url, _answered, data=text, headers={"Content-type": "text/plain"}, stream=True)

    def put_upload(self, url: str, chunk: bytes, start: int, total: int) -> int:
        """One range of an upload session; gives where the next one starts, `total` when it was the last.

        Not repeated: after a doubtful one ask `get_upload`. The URL carries its own token.
        """
        headers = {
            "Content-type": "application/octet-stream",
            "Content-Length": str(len(chunk)),
            "Content-Range": f"bytes {start}-{start + len(chunk) - 1}/{total}",
        }

        def read(response: requests.Response) -> int:
            return total if response.status_code == 201 else _next_range(response)

        return self._one(
            "put",
            url,
            read,
            lambda seen: self._connection.nameless(url, "put", seen, data=chunk, headers=headers, stream=True),
        )

    def get_upload(self, url: str) -> int:
        """Where the next range of an upload session starts. Raises GraphError, 404 when the session is over."""

        def call() -> int:
            return self._one(
                "get", url, _next_range, lambda seen: self._connection.nameless(url, "get", seen, stream=True)
            )

        result: int = self._again(call)
        return result


def _streamed(response: requests.Response, limit: int = 0) -> bytes | None:
    """The body of an answer that is read as a stream; None when it is more than `limit` bytes, if one is given."""
    length = response.headers.get("Content-Length", "")
    if limit and length.isdecimal() and int(length) > limit:
        return None
    got = bytearray()
    end = time.monotonic() + LONGEST_READ
    for chunk in response.iter_content(65536):
        got += chunk
        if limit and len(got) > limit:
            return None
        if time.monotonic() > end:
            raise GraphError(0, "TooSlow")
    return bytes(got)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise GraphError(0, "TruncatedAnswer") from None
    if not isinstance(body, dict):
        raise GraphError(0, "UnreadableAnswer")
    return body


def _answered(response: requests.Response) -> dict[str, Any]:
    """What a POST brought; 202 is final, whatever its body says or fails to say."""
    if response.status_code == 202:
        with suppress(requests.RequestException, GraphError):
            _streamed(response, LARGEST_PROGRESS)  # so that the connection can serve again
        return {}
    raw = _streamed(response)
    return _object(raw) if raw else {}


def _nothing(response: requests.Response) -> None:
    """For answers whose status says all."""


def _next_range(response: requests.Response) -> int:
    """The first byte that an upload session still expects: "3145728", or "0-" at its start."""
    raw = _streamed(response, LARGEST_PROGRESS)
    ranges = _object(raw or b"").get("nextExpectedRanges")
    first = str(ranges[0]).partition("-")[0] if isinstance(ranges, list) and ranges else ""
    if not first.isdecimal():
        raise GraphError(0, "UnreadableAnswer")
    return int(first)
