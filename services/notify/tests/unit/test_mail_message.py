import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID

import pytest

from melder_notify.domain.addresses import parse_address
from melder_notify.domain.letters import (
    Letter,
    Links,
    Matter,
    write_closing,
    write_question,
    write_receipt,
    write_status,
)
from melder_notify.domain.news import News, Topic
from melder_notify.store.mail_message import Envelope, MailWriter, Postmark, one_line
from melder_notify.store.translations import Languages

NOW = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
MAIL_ID = UUID("01890000-0000-7000-8000-00000000000a")
RECEIPT_ID = UUID("01890000-0000-7000-8000-000000000001")
LANGUAGES = Languages(("de", "en"), zone="Europe/Berlin")
WRITER = MailWriter(Postmark("meldungen@melder.example"))
MATTER = Matter(
    "K7M4Q2XA",
    "Rostock und Landkreis Rostock",
    category="Schlagloch",
    municipality="Broderstorf",
    responsible="Amt Carbäk",
    reason="Nach unseren Daten zuständig ist das Amt Carbäk, weil Straßen seine Aufgabe sind.",
    usual_days=5.2,
)
LINKS = Links(
    tracking="https://melder.example/m/K7M4Q2XA/secret",
    confirm="https://melder.example/me/confirm/" + "c" * 62,
    unsubscribe="https://melder.example/me/unsubscribe/" + "u" * 54,
    not_me="https://melder.example/me/not-me/" + "n" * 54,
)


def write(
    letter: Letter,
    *,
    recipient: str = "anna@example.org",
    thread: UUID | None = RECEIPT_ID,
    number: str = "K7M4Q2XA",
) -> bytes:
    envelope = Envelope(
        mail_id=MAIL_ID,
        recipient=parse_address(recipient),
        number=number,
        region=MATTER.region,
        language="de",
        unsubscribe_url=LINKS.unsubscribe,
        sent_at=NOW,
        thread_id=thread,
    )
    return WRITER.write(letter, envelope)


def read(raw: bytes) -> EmailMessage:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def receipt(matter: Matter = MATTER, *, confirmed: bool = False, language: str = "de") -> Letter:
    return write_receipt(matter, LINKS, LANGUAGES.speak(language), confirmed=confirmed)


def test_the_headers_of_a_mail() -> None:
    mail = read(write(receipt()))
    assert dict(mail.items()) == {
        "Message-ID": f"<{MAIL_ID}@melder.example>",
        "Date": "Mon, 23 Nov 2026 09:05:00 +0000",
        "From": "Amt Carbäk <meldungen@melder.example>",
        "To": "anna@example.org",
        "Subject": "Ihre Meldung K7M4Q2XA ist angekommen",
        "In-Reply-To": f"<{RECEIPT_ID}@melder.example>",
        "References": f"<{RECEIPT_ID}@melder.example>",
        "List-Id": "<k7m4q2xa.meldung.melder.example>",
        "List-Unsubscribe": f"<{LINKS.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "de",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_{MAIL_ID.hex}"',
    }


def test_text_comes_before_html() -> None:
    kinds = [part.get_content_type() for part in read(write(receipt())).iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_the_first_mail_of_a_thread_answers_nothing() -> None:
    mail = read(write(receipt(), thread=None))
    assert mail["References"] is None
    assert mail["In-Reply-To"] is None


def test_a_receipt_says_number_body_reason_time_and_all_links() -> None:
    mail = read(write(receipt()))
    for content in (text_of(mail), html_of(mail)):
        for said in (
            "K7M4Q2XA",
            "Amt Carbäk",
            "weil Straßen seine Aufgabe sind",
            "etwa 5 Tage",
            LINKS.tracking,
            LINKS.confirm,
            LINKS.not_me,
        ):
            assert said in content


def test_a_receipt_without_a_decision_says_that_it_is_being_clarified() -> None:
    text = text_of(read(write(receipt(Matter("K7M4Q2XA", "Region")))))
    assert "Wir klären gerade, wer zuständig ist" in text
    assert "Das wissen wir hier noch nicht" in text


def test_a_confirmed_address_is_not_asked_again() -> None:
    text = text_of(read(write(receipt(confirmed=True))))
    assert LINKS.confirm not in text


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.4, "weniger als einen Tag"),
        (1.2, "etwa einen Tag"),
        (9.6, "etwa 10 Tage"),
        (30, "etwa 4 Wochen"),
    ],
)
def test_how_long_it_takes_is_said_as_people_say_it(days: float, said: str) -> None:
    matter = Matter("K7M4Q2XA", "Region", usual_days=days)
    assert f"So lange dauert es meist: {said}" in text_of(read(write(receipt(matter))))


def test_styles_stand_inline_for_mail_programs_that_drop_style_sheets() -> None:
    html = html_of(read(write(receipt())))
    assert 'class="button"' in html
    button = html[html.index('class="button"') :][:300]
    assert "background-color: #1e43a8" in button


def test_a_question_quotes_the_body_and_leads_to_the_answer() -> None:
    asked = News(Topic.QUESTION, NOW, body="Amt Carbäk", text="Vor Haus 5\noder 7?")
    text = text_of(read(write(write_question(asked, [], MATTER, LINKS, LANGUAGES.speak("de")))))
    assert "> Vor Haus 5\n> oder 7?" in text
    assert f"Frage beantworten:\n{LINKS.tracking}" in text


def test_a_status_mail_tells_all_that_happened_with_its_time() -> None:
    news = [
        News(Topic.STATE, NOW, body="Amt Carbäk", state="accepted"),
        News(Topic.STATE, NOW.replace(hour=12), body="Amt Carbäk", state="planned"),
        News(Topic.WORD, NOW.replace(hour=13), body="Amt Carbäk", text="Montag geht es los."),
    ]
    text = text_of(read(write(write_status(news, MATTER, LINKS, LANGUAGES.speak("de")))))
    assert "23. November 2026, 10:05 Uhr: Amt Carbäk hat Ihre Meldung angenommen." in text
    assert "23. November 2026, 13:05 Uhr: Amt Carbäk hat die Arbeit eingeplant." in text
    assert "> Montag geht es los." in text


@pytest.mark.parametrize(
    ("state", "subject", "button"),
    [
        ("resolved", "ist erledigt", "Ist es wirklich behoben?"),
        ("not_actionable", "ist abgeschlossen", "Meine Meldung ansehen"),
        ("duplicate", "war schon bekannt", "Meine Meldung ansehen"),
    ],
)
def test_a_closing_gives_the_reason_and_a_way_back(state: str, subject: str, button: str) -> None:
    end = News(Topic.CLOSED, NOW, body="Amt Carbäk", text="Ist gefüllt.", state=state)
    mail = read(write(write_closing(end, [], MATTER, LINKS, LANGUAGES.speak("de"))))
    assert subject in mail["Subject"]
    assert "> Ist gefüllt." in text_of(mail)
    assert button in text_of(mail)
    assert LINKS.tracking in text_of(mail)


def test_english_reporters_read_english() -> None:
    mail = read(write(receipt(language="en")))
    assert mail["Subject"] == "We received your report K7M4Q2XA"
    assert "Thank you" in text_of(mail)
    assert "Vielen Dank" not in text_of(mail)


def test_an_unknown_language_is_german() -> None:
    assert LANGUAGES.speak("tlh").language == "de"
    assert LANGUAGES.speak("en-GB").language == "en"
    assert LANGUAGES.speak("de-simple").language == "de"


INJECTIONS = [
    "Amt\r\nBcc: evil@example.org",
    "Amt\nSubject: x\n\nbody",
    "Amt\rX: y",
    "Amt\u2028Bcc: evil@example.org",
    "Amt\x00\x0b\x0cBcc: evil@example.org",
    'Amt", "Evil" <evil@example.org>',
    "Amt <evil@example.org>, x",
    "Straßenbauamt " * 40,
    "=?utf-8?q?Amt=0D=0ABcc:_evil?=",
    "\u202eAmt",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_name_adds_a_header_or_a_recipient(name: str) -> None:
    matter = Matter("K7M4Q2XA", "Region", responsible=name, category=name, reason=name)
    honest, raw = write(receipt()), write(receipt(matter))
    mail = read(raw)
    assert mail.keys() == read(honest).keys()
    assert len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "meldungen@melder.example"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("number", ["K7M4Q2XA\r\nBcc: evil@example.org", "ü" * 300, "x" * 2000])
def test_no_number_adds_a_header(number: str) -> None:
    mail = read(write(receipt(Matter(number, "Region")), number=number))
    assert mail.keys() == read(write(receipt())).keys()


def test_lines_are_short_and_end_with_crlf() -> None:
    end = News(Topic.CLOSED, NOW, body="Amt", text=".\n" + "lang " * 2000 + "\n.", state="resolved")
    raw = write(write_closing(end, [], MATTER, LINKS, LANGUAGES.speak("de")))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert "\n> .\n" in text_of(read(raw))


def test_what_bodies_write_is_no_html() -> None:
    evil = '<img src=x onerror=alert(1)><a href="https://evil.example">hier</a>'
    asked = News(Topic.QUESTION, NOW, body=evil, text=evil)
    html = html_of(read(write(write_question(asked, [], MATTER, LINKS, LANGUAGES.speak("de")))))
    assert "<img" not in html
    assert '<a href="https://evil' not in html
    assert "&lt;img" in html


def test_an_international_domain_is_written_in_ascii() -> None:
    assert read(write(receipt(), recipient="anna@bücher.example"))["To"] == (
        "anna@xn--bcher-kva.example"
    )


def test_one_line_keeps_what_can_be_seen() -> None:
    assert one_line(" Amt\tCarbäk \r\n Nord ") == "Amt Carbäk Nord"


def test_a_staffed_mailbox_is_not_called_deaf() -> None:
    staffed = Matter("K7M4Q2XA", "Region", answers_read=True)
    assert "liest leider niemand" not in text_of(read(write(receipt(staffed))))
    assert "liest leider niemand" in text_of(read(write(receipt())))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Amt Carbäk hat den Mangel behoben.", "> Amt Carbäk has fixed the problem."),
        ("Heute gefüllt.", "> Heute gefüllt."),
    ],
)
def test_standard_answers_are_translated_and_own_words_are_not(text: str, said: str) -> None:
    end = News(Topic.CLOSED, NOW, body="Amt Carbäk", text=text, state="resolved")
    mail = read(write(write_closing(end, [], MATTER, LINKS, LANGUAGES.speak("en"))))
    assert said in text_of(mail)
