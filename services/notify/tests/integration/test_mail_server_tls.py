"""Speaking to a real mail server: STARTTLS, its certificate, a login."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from melder_common.testing.mail import MailSink
from melder_common.testing.ports import free_ports
from melder_notify.domain.addresses import parse_address
from melder_notify.store.mail_server import MailDelayed, MailRefused, MailServer, ServerAddress

pytestmark = pytest.mark.integration

RECIPIENT = parse_address("anna@example.org")
MAIL = b"Subject: x\r\n\r\n.\r\nx\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def strict(certificate: Path) -> Iterator[MailSink]:
    """A sink that wants STARTTLS and the password "geheim"."""
    sink = MailSink(free_ports(1)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def check(*arguments: Any) -> AuthResult:
        login = arguments[-1]
        right = isinstance(login, LoginPassword) and login.password == b"geheim"
        return AuthResult(success=right, handled=False)

    controller = Controller(
        sink,
        hostname=sink.host,
        port=sink.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=check,
    )
    controller.start()
    yield sink
    controller.stop()


def server(sink: MailSink, tmp_path: Path, *, tls: Any = "starttls", word: str = "geheim") -> Any:
    (tmp_path / "password").write_text(word + "\n")
    address = ServerAddress(sink.host, sink.port, tls, "melder", tmp_path / "password")
    return MailServer(address, deadline_s=10, rest_s=0)


async def test_a_mail_goes_through_starttls_with_a_login(
    strict: MailSink, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    way_out = server(strict, tmp_path)
    await way_out.send("melder@example.org", RECIPIENT, MAIL)
    await way_out.send("melder@example.org", RECIPIENT, MAIL)
    await way_out.close()
    contents = [mail.get_content().splitlines() for mail in strict.received]
    assert contents == [[".", "x"], [".", "x"]]


async def test_a_wrong_password_delays_mails_and_fails_none(
    strict: MailSink, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(MailDelayed, match="not_let_in_535"):
        await server(strict, tmp_path, word="falsch").send("m@example.org", RECIPIENT, MAIL)


async def test_an_unknown_certificate_is_not_trusted(strict: MailSink, tmp_path: Path) -> None:
    with pytest.raises(MailDelayed, match="unreachable"):
        await server(strict, tmp_path).send("m@example.org", RECIPIENT, MAIL)
    assert strict.received == []


async def test_an_umlaut_before_the_at_needs_smtputf8(mail_sink: MailSink) -> None:
    recipient = parse_address("jörg@example.org")
    able = MailServer(ServerAddress(mail_sink.host, mail_sink.port, "none"))
    await able.send("m@example.org", recipient, MAIL)
    await able.close()
    assert len(mail_sink.received) == 1

    (port,) = free_ports(1)
    old_fashioned = Controller(mail_sink, hostname=mail_sink.host, port=port, enable_SMTPUTF8=False)
    old_fashioned.start()
    unable = MailServer(ServerAddress(mail_sink.host, port, "none"))
    with pytest.raises(MailRefused, match="server_without_smtputf8"):
        await unable.send("m@example.org", recipient, MAIL)
    await unable.close()
    old_fashioned.stop()
    assert len(mail_sink.received) == 1
