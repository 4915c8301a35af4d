"""Certificates of the loopback servers, and the certificate with which the app proves who it is.

msal refuses an authority without https, so the sandbox speaks TLS under its own root; `ca_file` is the one setting,
beside the host names, in which the sandbox differs from production.
"""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HOSTS = ("localhost", "127.0.0.1", "::1")


def loopback_tls(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for the loopback names, and the PEM file of the root that signed it, written into `folder`."""
    authority = trustme.CA(organization_name="Sandbox")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    folder.mkdir(parents=True, exist_ok=True)
    ca_file = folder / "sandbox-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return context, ca_file


@dataclass(frozen=True, slots=True)
class AppCertificate:
    """A self-signed certificate of the app with its key, as an operator would make it with openssl."""

    private_key: str
    """PEM, unencrypted."""
    public_certificate: str
    """PEM."""
    file: Path
    """Certificate and key in one PEM."""

    @property
    def credential(self) -> dict[str, str]:
        """What msal takes as `client_credential`; leads to PS256 and `x5t#S256`."""
        return {"private_key": self.private_key, "public_certificate": self.public_certificate}

    @property
    def x509(self) -> x509.Certificate:
        """The certificate as cryptography reads it."""
        return x509.load_pem_x509_certificate(self.public_certificate.encode())


def app_certificate(file: Path, not_after: dt.datetime) -> AppCertificate:
    """A new RSA certificate that ends at `not_after`, written to `file` together with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "privacybot")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_after - dt.timedelta(days=730))
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(public + private)
    file.chmod(0o600)
    return AppCertificate(private, public, file)
