import pytest

from melder_notify.domain.contacts import ContactDetails, UnreadableContact

DETAILS = ContactDetails(
    name="Anna",
    email="anna@example.org",
    phone="0381",
    tracking_url="https://melder.example/m/K7M4Q2XA/x",
)


def test_details_come_back_from_their_box() -> None:
    assert ContactDetails.from_json(DETAILS.to_json()) == DETAILS


def test_unknown_fields_are_ignored_and_wrong_ones_left_out() -> None:
    opened = ContactDetails.from_json(b'{"email": "a@example.org", "phone": 5, "shoe_size": 42}')
    assert opened == ContactDetails(email="a@example.org")


@pytest.mark.parametrize("plain", [b"", b"[]", b"\xff", b'"x"', b"{"])
def test_what_is_no_contact_says_so_without_repeating_it(plain: bytes) -> None:
    with pytest.raises(UnreadableContact):
        ContactDetails.from_json(plain)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://example.org", "/m/x", "https://a b", "https://a\r\nX: y"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    import json

    plain = json.dumps({"tracking_url": url}).encode()
    assert ContactDetails.from_json(plain).tracking_url is None


def test_details_do_not_tell_themselves() -> None:
    assert "nna" not in f"{DETAILS!r} {DETAILS}"
