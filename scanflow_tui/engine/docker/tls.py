"""TCP to an engine with TLS: which certificates are used, and what is wrong with them, in words.

The files are those of the docker command: ca.pem, cert.pem and key.pem in one folder.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from scanflow_tui.engine.docker.address import AUTHORITY, CERTIFICATE, KEY, Address

PLAIN_ANSWERS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
"""What TLS makes of a server that speaks without it."""


class CertificateProblem(OSError):
    """Certificates of this side that cannot be used, as a sentence."""


def context(address: Address) -> ssl.SSLContext:
    """What a connection to this address is made with. Raises CertificateProblem."""
    folder = address.tls
    authority = folder / AUTHORITY if folder and (folder / AUTHORITY).exists() else None
    try:
        # An authority that is named is the only one.
        made = ssl.create_default_context(cafile=authority)
        # The docker command takes certificates that are not written by the newest rules.
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if folder is not None and client_certificate(folder):
            made.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (_ssl.c")[0]
        raise CertificateProblem(f"the certificates in {folder} cannot be used: {reason}") from None
    if not address.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def client_certificate(folder: Path) -> bool:
    """Whether there is one to show. Raises CertificateProblem for half of one."""
    there = [name for name in (CERTIFICATE, KEY) if (folder / name).exists()]
    if len(there) == 1:
        lacking = KEY if there == [CERTIFICATE] else CERTIFICATE
        raise CertificateProblem(f"{folder} has {there[0]} and no {lacking}")
    return bool(there)


def explain(error: BaseException, address: Address) -> str:
    """What a failure of TLS means, without a full stop; empty where it is no failure of TLS."""
    if isinstance(error, CertificateProblem):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        checked = f"{address.tls}/{AUTHORITY}" if address.tls else "this machine's authorities"
        said = error.verify_message.rstrip(".")
        return f"its certificate does not hold: {said} (checked with {checked})"
    if not isinstance(error, ssl.SSLError):
        return ""
    reason = error.reason or ""
    if reason in PLAIN_ANSWERS:
        return "it does not speak TLS there"
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        if address.tls is None or not (address.tls / CERTIFICATE).exists():
            return f"it asks for a client certificate ({CERTIFICATE} and {KEY})"
        return f"it does not accept the client certificate {address.tls / CERTIFICATE}"
    return f"TLS failed: {reason.replace('_', ' ').lower() or error}"
