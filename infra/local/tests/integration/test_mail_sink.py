"""The mail sink as the demo starts it: a process with two ports and a directory."""

import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from melder_common.testing.ports import free_ports

pytestmark = pytest.mark.integration

MAIL = (
    b"From: amt@example.org\r\nTo: anna@example.org\r\nSubject: Hallo\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<html><head></head><body><script>alert(1)</script><a href='https://x.example'>x</a>"
)
Client = httpx.Client


@contextmanager
def running(directory: Path) -> Iterator[tuple[int, Client]]:
    smtp_port, http_port = free_ports(2)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "melder_local.mail_sink",
            f"--smtp-port={smtp_port}",
            f"--http-port={http_port}",
            f"--dir={directory}",
        ]
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{http_port}") as client:
        try:
            _wait_for(lambda: client.get("/mail/messages.json").is_success)
            yield smtp_port, client
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if check():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "the mail sink did not answer within 30 s"
        time.sleep(0.05)


def send(port: int, mail: bytes = MAIL) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.sendmail("amt@example.org", ["anna@example.org"], mail)


def test_mails_are_caught_shown_kept_over_a_restart_and_cleared(tmp_path: Path) -> None:
    with running(tmp_path) as (port, client):
        send(port)
        assert [mail["subject"] for mail in client.get("/mail/messages.json").json()] == ["Hallo"]
    with running(tmp_path) as (port, client):
        (mail,) = client.get("/mail/messages.json").json()
        assert "Hallo" in client.get("/mail/").text
        assert "anna@example.org" in client.get(f"/mail/messages/{mail['id']}").text

        foreign = client.post("/mail/clear", headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert client.post("/mail/clear").status_code == 303
        assert client.get("/mail/messages.json").json() == []
        assert client.get(f"/mail/messages/{mail['id']}").status_code == 404


def test_the_html_of_a_mail_is_locked_in(tmp_path: Path) -> None:
    with running(tmp_path) as (port, client):
        send(port)
        answer = client.get("/mail/messages/1/html")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-popups" in policy
        assert "script" not in policy
        page = client.get("/mail/messages/1")
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
        assert "alert(1)" not in page.text
        assert client.get("/mail").status_code == 308
        assert client.get("/mail/messages/1/raw").content.startswith(b"From: amt@example.org")
