import pytest

from melder_notify.domain.addresses import UnusableAddress, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna@example.org", "anna@example.org"),
        ("  anna@example.org\n", "anna@example.org"),
        ("anna+melder@Example.ORG", "anna+melder@example.org"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@straße.example", "anna@xn--strae-oqa.example"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_addresses_come_out_as_the_wire_needs_them(text: str, expected: str) -> None:
    assert str(parse_address(text)) == expected


def test_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    assert parse_address("jörg@example.org").needs_smtputf8
    assert not parse_address("joerg@bücher.example").needs_smtputf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@localhost",
        "anna@example..org",
        "anna@-example.org",
        "anna@exa mple.org",
        "anna@example.org, bob@example.org",
        "anna@example.org\r\nBcc: bob@example.org",
        "anna@example.org\nbob@example.org",
        "Anna <anna@example.org>",
        '"anna bob"@example.org',
        "anna@example.org\x00",
        "anna\u202e@example.org",
        "anna@[127.0.0.1]",
        "an..na@example.org",
        ".anna@example.org",
        "a" * 65 + "@example.org",
        "anna@" + "a" * 250 + ".org",
        "anna%example.net@example.org>",
    ],
)
def test_whatever_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(UnusableAddress) as refusal:
        parse_address(text)
    assert "anna" not in str(refusal.value)


def test_an_address_does_not_tell_itself_in_logs() -> None:
    assert "anna" not in repr(parse_address("anna@example.org"))
