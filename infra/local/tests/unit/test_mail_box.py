import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from melder_local.mail_box import MailBox

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def caught(box: MailBox, raw: bytes) -> int:
    return box.add(raw, at=NOW, envelope_from="from@example.org", envelope_to=["to@example.org"])


def test_the_document_has_exactly_the_promised_fields(tmp_path: Path) -> None:
    box = MailBox(tmp_path)
    raw = (
        b"From: =?utf-8?q?Amt_Carb=C3=A4k?= <amt@example.org>\r\nTo: anna@example.org\r\n"
        b"Subject: =?utf-8?q?R=C3=BCckfrage?=\r\nReceived: a\r\nReceived: b\r\n"
        b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
        b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hallo</p>\r\n--x--\r\n"
    )
    number = caught(box, raw)
    (mail,) = box.list_mails()
    assert mail.document() == {
        "id": number,
        "at": "2026-11-23T09:00:00.000+00:00",
        "from": "Amt Carbäk <amt@example.org>",
        "to": "anna@example.org",
        "subject": "Rückfrage",
        "headers": {
            "From": "Amt Carbäk <amt@example.org>",
            "To": "anna@example.org",
            "Subject": "Rückfrage",
            "Received": "a\nb",
            "Content-Type": 'multipart/alternative; boundary="x"',
        },
        "text": "Grüße",
        "html": "<p>Hallo</p>",
    }
    assert box.find_raw(number) == raw


def test_mails_survive_a_restart_and_come_newest_first(tmp_path: Path) -> None:
    for subject in (b"eins", b"zwei"):
        caught(MailBox(tmp_path), b"Subject: " + subject + b"\r\n\r\nx")
    assert [mail.subject for mail in MailBox(tmp_path).list_mails()] == ["zwei", "eins"]


def test_clearing_does_not_use_numbers_again(tmp_path: Path) -> None:
    box = MailBox(tmp_path)
    first = caught(box, b"\r\n")
    box.clear()
    assert box.count() == 0
    assert caught(box, b"\r\n") > first


def test_recipients_can_be_looked_for(tmp_path: Path) -> None:
    box = MailBox(tmp_path)
    caught(box, b"To: anna_b@example.org\r\n\r\n")
    caught(box, b"To: annaxb@example.org\r\n\r\n")
    assert [mail.recipients for mail in box.list_mails(to="anna_b")] == ["anna_b@example.org"]
    assert box.list_mails(to="%' OR 1=1 --") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\xff\xfe\x00",
        b"Subject: \xff\r\n\r\n\xff",
        b"Subject: =?utf-8?b?/////w==?=\r\n\r\n",
        b"From: <<<>>>,,,;\r\nTo: @@@\r\n\r\n",
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xe4",
        b"Content-Type: text/html; charset=utf-16\r\n\r\nx",
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n',
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: message/rfc822\r\n\r\nSubject: innen\r\n\r\nx",
    ],
)
def test_broken_mails_are_kept_and_shown(tmp_path: Path, raw: bytes) -> None:
    box = MailBox(tmp_path)
    number = caught(box, raw)
    mail = box.find_mail(number)
    assert mail
    assert json.dumps(mail.document(), ensure_ascii=False).encode()
    assert mail.recipients
