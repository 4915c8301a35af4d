"""One authenticated line to Microsoft Graph: tokens by msal, the connection by O365, patience by tenacity.

O365 carries the requests and nothing else: it neither refreshes tokens (its app-only refresh fails once msal has
dropped the old one), nor retries (a retried POST may send a mail twice), nor logs (its DEBUG lines hold tokens).
Calls that change nothing twice (`get`, `patch`, `delete`) are tried again here; `post` never is, since a send has no
idempotency key.
"""

import email.utils
import functools
import json
import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import certifi
import msal
import requests
import tenacity
from O365 import Account, Connection, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend

from bot import killpoint
from bot.settings import MICROSOFT_HOSTS, Settings, SettingsError

SCOPE = "https://graph.microsoft.com/.default"  # the resource's name; the same in front of a simulator
TIMEOUT = (5, 30)  # seconds to connect, to read
CONCURRENT = 4  # requests at once for one app (Outlook service limit)
CALLS_PER_TEN_MINUTES = 9_800  # of the service's 10,000, with a margin
LONGEST_WAIT = 300.0  # seconds that one call waits for a Retry-After before it gives up

for _noisy in ("O365", "O365.connection"):
    logging.getLogger(_noisy).setLevel(logging.CRITICAL + 1)
logging.getLogger("msal").setLevel(logging.ERROR)
logging.getLogger("urllib3").setLevel(logging.ERROR)


class GraphError(Exception):
    """Graph did not do what was asked. `status` is 0 when no answer came; `code` is Graph's own word."""

    def __init__(self, status: int, code: str, retry_after: float | None = None) -> None:
        super().__init__(f"Microsoft Graph answered {status or 'nothing'} {code}".rstrip())
        self.status, self.code, self.retry_after = status, code, retry_after

    @property
    def throttled(self) -> bool:
        """Whether the service said that it is too much at the moment."""
        return self.status in (429, 509)

    @property
    def definite(self) -> bool:
        """Whether the request was surely not carried out: a refusal other than throttling."""
        return 400 <= self.status < 500 and self.status not in (408, 423, 429)


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
    """A session that ignores proxies and CA files of the environment and never waits for ever."""
    session = requests.Session()
    session.trust_env = False
    session.verify = verify
    plain = session.request

    def ask(method: str, url: str, **options: Any) -> requests.Response:
        with killpoint.around("http", method, url):
            return plain(method, url, **{"timeout": TIMEOUT, **options})

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
    """Retry-After in seconds, given as (decimal) seconds or as a date; None when absent or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def error_of(response: requests.Response) -> GraphError:
    """The error in an answer: the deepest code that Graph names; its text is never kept (it may hold addresses)."""
    code = ""
    try:
        node = response.json()["error"]
        while isinstance(node, Mapping):
            code = str(node.get("code") or code)
            node = node.get("innerError") or node.get("innererror")
    except (ValueError, KeyError, TypeError):
        pass
    return GraphError(response.status_code, code, _retry_after(response))


class _Connection(Connection):  # type: ignore[misc]
    """O365's connection with our token on every request and no regard for the environment."""

    session: requests.Session | None

    def get_session(self, load_token: bool = False) -> requests.Session:
        session: requests.Session = super().get_session(load_token)
        session.trust_env = False
        return session

    def get_naive_session(self) -> requests.Session:
        session: requests.Session = super().get_naive_session()
        session.trust_env = False
        return session

    def bearer(self, token: str, url: str, method: str, **kwargs: Any) -> requests.Response:
        """One request with this token; O365 raises requests' exceptions."""
        if self.session is None:
            self.session = self.get_session()
        headers = {**kwargs.pop("headers", {}), "Authorization": f"Bearer {token}"}
        response: requests.Response = self._internal_request(self.session, url, method, headers=headers, **kwargs)
        return response


class GraphSession:
    """Calls to one mailbox. Thread-safe; at most four requests at once. `calls` counts requests as Graph does.

    `patience` is the sleep of the retries, an argument so that replays need not wait; `on_call` runs at each request.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        patience: Callable[[float], None] | None = None,
        on_call: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._on_call = on_call
        self.calls = 0
        self._credential = credential_of(settings)
        self._verify = verify_of(settings)
        self._app: Any = None
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(CONCURRENT)
        self._recent: deque[float] = deque()
        self._patience = patience or tenacity.nap.sleep
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
            return str(answer["access_token"])
        codes = tuple(int(code) for code in answer.get("error_codes") or ())
        mend = next((MENDS[code] for code in codes if code in MENDS), "see the sign-in log of the app in Entra")
        shown = ", ".join(f"AADSTS{code}" for code in codes) or str(answer.get("error", "no code"))
        raise TokenRefused(codes, f"{shown}: {mend}", passing=bool(PASSING_CODES.intersection(codes)))

    def forget_token(self) -> None:
        """Makes the next call ask Entra for a new token."""
        with self._lock:
            if self._app is not None:
                self._app.remove_tokens_for_client()

    def once(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """One request, asked again only when its token was refused (so it had no effect). Raises GraphError."""
        for last in (False, True):
            token = self.token()
            try:
                with self._slots:
                    self._count()
                    with killpoint.around("graph", method, url):
                        return self._connection.bearer(token, url, method, **kwargs)
            except requests.HTTPError as error:
                if error.response is None:
                    raise GraphError(0, "HTTPError") from None
                if error.response.status_code == 401 and not last:
                    self.forget_token()
                    continue
                raise error_of(error.response) from None
            except requests.RequestException as error:
                raise GraphError(0, type(error).__name__) from None
            except AttributeError:  # an error body that is JSON but not Graph's form trips O365
                raise GraphError(500, "UnreadableError") from None
        raise GraphError(401, "InvalidAuthenticationToken")

    def _count(self) -> None:
        with self._lock:
            now = datetime.now(UTC).timestamp()
            while self._recent and self._recent[0] < now - 600:
                self._recent.popleft()
            if len(self._recent) >= CALLS_PER_TEN_MINUTES:
                raise GraphError(429, "OwnCallBudget", retry_after=self._recent[0] + 600 - now)
            self._recent.append(now)
            self.calls += 1
        self._on_call()

    def calls_left(self) -> int:
        """How many calls the ten-minute budget still allows."""
        now = datetime.now(UTC).timestamp()
        return CALLS_PER_TEN_MINUTES - sum(moment >= now - 600 for moment in self._recent)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, GraphError) and error.retry_after is not None:
            return error.retry_after
        return tenacity.wait_exponential_jitter(initial=0.5, max=20)(state)

    def _again(self, call: Callable[[], Any]) -> Any:
        def passing(error: BaseException) -> bool:
            if isinstance(error, TokenRefused):
                return error.passing
            if not isinstance(error, GraphError) or error.code == "OwnCallBudget":
                return False
            if (error.retry_after or 0) > LONGEST_WAIT:
                return False
            return error.status in (0, 408, 423, 429, 500, 502, 503, 504, 509)

        return tenacity.Retrying(
            reraise=True,
            stop=tenacity.stop_after_attempt(5),
            wait=self._wait,
            retry=tenacity.retry_if_exception(passing),
            sleep=self._patience,
        )(call)

    def get(
        self, url: str, *, prefer: str = "", params: Mapping[str, str] | None = None, limit: int = 0
    ) -> dict[str, Any]:
        """The JSON of a GET, with patience; over `limit` bytes, if one is given, it is GraphError 413 AnswerTooLarge.

        Raises GraphError, TokenRefused.
        """
        headers = {"Prefer": prefer} if prefer else {}

        def call() -> dict[str, Any]:
            with self.once("get", url, headers=headers, params=params, stream=limit > 0) as response:
                raw = _streamed(response, limit) if limit else response.content
            if raw is None:
                raise GraphError(413, "AnswerTooLarge")
            try:
                body = json.loads(raw)
            except ValueError:
                raise GraphError(0, "TruncatedAnswer") from None
            if not isinstance(body, dict):
                raise GraphError(0, "UnreadableAnswer")
            return body

        result: dict[str, Any] = self._again(call)
        return result

    def get_bytes(self, url: str, limit: int) -> bytes | None:
        """The bytes of a GET, streamed; None when they are more than `limit`."""

        def call() -> bytes | None:
            with self.once("get", url, stream=True) as response:
                return _streamed(response, limit)

        result: bytes | None = self._again(call)
        return result

    def patch(self, url: str, body: Mapping[str, Any]) -> None:
        """A change that may safely be made twice."""
        self._again(lambda: self.once("patch", url, data=dict(body)))

    def delete(self, url: str) -> None:
        """A removal; one that is gone already is no error."""

        def call() -> None:
            try:
                self.once("delete", url)
            except GraphError as error:
                if error.status != 404:
                    raise

        self._again(call)

    def post(self, url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One POST of JSON, never repeated. Raises GraphError, whose `definite` says that it had no effect."""
        response = self.once("post", url, data=dict(body) if body is not None else None)
        return _object(response)

    def post_text(self, url: str, text: bytes) -> dict[str, Any]:
        """One POST of base64 MIME, never repeated. Spelt `Content-type`, or O365 would quote it as JSON."""
        return _object(self.once("post", url, data=text, headers={"Content-type": "text/plain"}))

    def put_upload(self, url: str, chunk: bytes, start: int, total: int) -> None:
        """One range of an upload session; its URL carries its own token."""
        headers = {
            "Content-type": "application/octet-stream",
            "Content-Length": str(len(chunk)),
            "Content-Range": f"bytes {start}-{start + len(chunk) - 1}/{total}",
        }
        self._count()
        try:
            with self._slots, killpoint.around("graph", "put", url):
                self._connection.naive_request(url, "put", data=chunk, headers=headers)
        except requests.HTTPError as error:
            raise (error_of(error.response) if error.response is not None else GraphError(0, "HTTPError")) from None
        except requests.RequestException as error:
            raise GraphError(0, type(error).__name__) from None


def _streamed(response: requests.Response, limit: int) -> bytes | None:
    """The body of an answer that is read as a stream; None when it is more than `limit` bytes."""
    if int(response.headers.get("Content-Length") or 0) > limit:
        return None
    got = bytearray()
    try:
        for chunk in response.iter_content(65536):
            got += chunk
            if len(got) > limit:
                return None
    except requests.RequestException as error:
        raise GraphError(0, type(error).__name__) from None
    return bytes(got)


def _object(response: requests.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        body = response.json()
    except ValueError:
        raise GraphError(0, "TruncatedAnswer") from None
    return body if isinstance(body, dict) else {}
