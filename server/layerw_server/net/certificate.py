"""A certificate for WebTransport that this server makes itself: browsers take it by its hash, which a page is told by
the server that it came from.

Limits: such a certificate may be valid for two weeks at most, and its key is of P-256. Source: W3C WebTransport,
section custom certificate requirements.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID = datetime.timedelta(days=12)
RENEWED = datetime.timedelta(days=2)  # before its end: pages that were just told of it still connect
CLOCKS = datetime.timedelta(hours=1)  # by which clocks may differ


@dataclass(frozen=True, slots=True)
class Certificate:
    """certificate, key: of `cryptography`. hash: SHA-256 of its DER."""

    certificate: Any
    key: Any
    hash: bytes
    ends: datetime.datetime

    @property
    def is_old(self) -> bool:
        """Whether it is time for another one."""
        return datetime.datetime.now(datetime.UTC) > self.ends - RENEWED


def make() -> Certificate:
    """A new one; whose name is in it does not count."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "layerw")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - CLOCKS).not_valid_after(now + VALID)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(key, hashes.SHA256()))  # fmt: skip
    der = made.public_bytes(serialization.Encoding.DER)
    return Certificate(made, key, hashlib.sha256(der).digest(), now + VALID)
