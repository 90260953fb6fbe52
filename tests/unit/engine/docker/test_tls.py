from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from scanflow_tui.engine.docker import tls
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.docker.tls import CertificateProblem, explain

URL = "tcp://127.0.0.1:1"


def failure(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "x")
    error.reason = reason
    return error


@pytest.mark.parametrize(("there", "lacking"), [("cert.pem", "key.pem"), ("key.pem", "cert.pem")])
def test_half_of_a_certificate_is_said(tmp_path: Path, there: str, lacking: str) -> None:
    (tmp_path / there).touch()
    said = Link(Address(URL, "a test", tmp_path)).why_silent()
    assert f"{tmp_path} has {there} and no {lacking}." in said


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem"])
def test_a_file_that_is_no_certificate_is_said(tmp_path: Path, name: str) -> None:
    for one in {name, "key.pem"} if name == "cert.pem" else {name}:
        (tmp_path / one).write_text("nothing")
    with pytest.raises(CertificateProblem, match=f"certificates in {tmp_path} cannot be used"):
        tls.context(Address(URL, "a test", tmp_path))


def test_who_asks_for_no_check_gets_tls_without_one() -> None:
    made = tls.context(Address(URL, "a test", verify=False))
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_NONE, False)


def test_the_certificate_is_checked_by_default() -> None:
    made = tls.context(Address(URL, "a test"))
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("WRONG_VERSION_NUMBER", "it does not speak TLS there"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it asks for a client certificate"),
        ("SSLV3_ALERT_BAD_CERTIFICATE", "it asks for a client certificate"),
        ("NO_PROTOCOLS_AVAILABLE", "TLS failed: no protocols available"),
    ],
)
def test_each_failure_has_its_words(reason: str, sentence: str) -> None:
    assert explain(failure(reason), Address(URL, "a test")).startswith(sentence)


def test_a_client_certificate_that_is_refused_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    said = explain(failure("TLSV1_ALERT_UNKNOWN_CA"), Address(URL, "a test", tmp_path))
    assert said == f"it does not accept the client certificate {tmp_path}/cert.pem"


def test_other_failures_are_not_its_own() -> None:
    assert explain(OSError(2, "gone"), Address(URL, "a test")) == ""
