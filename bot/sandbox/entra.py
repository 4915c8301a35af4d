"""Microsoft Entra as msal meets it: discovery, and tokens for a secret or for a certificate assertion.

Tokens live in real time (they are the one thing here that does not follow the sandbox's clock), because msal keeps
them by the machine's clock.
"""

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.sandbox.loopback import Answer, Request, json_answer
from bot.sandbox.tls import AppCertificate

SCOPE = "https://graph.microsoft.com/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Refused(Exception):
    """A token that is not given: HTTP status, OAuth error, AADSTS number, text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


@dataclass
class Entra:
    """One tenant with one app."""

    tenant_id: str
    client_id: str
    client_secret: str
    url: str = ""
    """The authority, without a path; set once the port is known."""
    secret_expired: bool = False
    token_seconds: int = 4312
    """Life of a token; msal fetches anew what has under 300 s left."""
    certificates: list[AppCertificate] = field(default_factory=list)
    """Registered for the app."""
    _tokens: dict[str, float] = field(default_factory=dict)

    @property
    def token_url(self) -> str:
        """The token endpoint of the tenant."""
        return f"{self.url}/{self.tenant_id}/oauth2/v2.0/token"

    def discovery(self, tenant: str) -> Answer:
        """The OpenID configuration of a tenant."""
        try:
            self._check_tenant(tenant)
        except Refused as refusal:
            return self._refusal(refusal)
        base = f"{self.url}/{self.tenant_id}"
        return json_answer(
            200,
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "private_key_jwt",
                    "client_secret_basic",
                ],
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token"],
                "scopes_supported": ["openid"],
                "subject_types_supported": ["pairwise"],
                "tenant_region_scope": "EU",
            },
        )

    def token(self, tenant: str, request: Request) -> Answer:
        """The token endpoint: client credentials by secret or by certificate."""
        form = Request("POST", "", request.body.decode("utf-8", "replace"), {}).options()
        try:
            self._check_tenant(tenant)
            self._check_client(form)
        except Refused as refusal:
            return self._refusal(refusal)
        token = ".".join(_base64(secrets.token_bytes(n)) for n in (48, 400, 256))
        self._tokens[token] = time.time() + self.token_seconds
        return json_answer(
            200,
            {
                "token_type": "Bearer",
                "expires_in": self.token_seconds,
                "ext_expires_in": self.token_seconds,
                "access_token": token,
            },
        )

    def accepts(self, token: str) -> bool:
        """Whether Graph takes this token now."""
        return self._tokens.get(token, 0.0) > time.time()

    def revoke_tokens(self) -> None:
        """Every token given so far is refused from now on, however long its life."""
        self._tokens.clear()

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() != self.tenant_id:
            raise Refused(400, "invalid_tenant", 90002, f"Tenant '{tenant}' not found.")

    def _check_client(self, form: dict[str, str]) -> None:
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != self.client_id:
            text = f"Application with identifier '{form.get('client_id')}' was not found in the directory."
            raise Refused(400, "unauthorized_client", 700016, text)
        if form.get("scope") != SCOPE:
            raise Refused(
                400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid."
            )
        if form.get("client_assertion_type") == ASSERTION_TYPE:
            self._check_assertion(form.get("client_assertion", ""))
            return
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self.client_secret.encode()):
            raise Refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if self.secret_expired:
            raise Refused(401, "invalid_client", 7000222, "The provided client secret keys are expired.")

    def _check_assertion(self, assertion: str) -> None:
        unsigned = Refused(401, "invalid_client", 700027, "Client assertion failed signature validation.")
        try:
            head, claims, signature = assertion.split(".")
            header, claim = json.loads(_unbase64(head)), json.loads(_unbase64(claims))
        except ValueError as error:
            raise unsigned from error
        registered = {_base64(c.x509.fingerprint(hashes.SHA256())): c for c in self.certificates}
        certificate = registered.get(str(header.get("x5t#S256", "")).rstrip("="))  # msal leaves the padding on
        if header.get("alg") != "PS256" or certificate is None:
            raise unsigned
        key = certificate.x509.public_key()
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        try:
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(_unbase64(signature), f"{head}.{claims}".encode(), pss, hashes.SHA256())
        except (InvalidSignature, ValueError) as error:
            raise unsigned from error
        now = time.time()
        out_of_time = claim.get("exp", 0) < now or claim.get("nbf", now) > now + 300
        if out_of_time or certificate.x509.not_valid_after_utc < datetime.now(UTC):
            raise Refused(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
        if claim.get("aud") != self.token_url or {claim.get("iss"), claim.get("sub")} != {self.client_id}:
            raise Refused(401, "invalid_client", 700023, "Client assertion audience or issuer does not match.")

    def _refusal(self, refusal: Refused) -> Answer:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        body: dict[str, Any] = {
            "error": refusal.error,
            "error_description": f"AADSTS{refusal.number}: {refusal.text} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {at}",
            "error_codes": [refusal.number],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self.url}/error?code={refusal.number}",
        }
        return json_answer(refusal.status, body)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
