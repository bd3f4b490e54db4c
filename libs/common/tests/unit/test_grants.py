"""A grant allows one thing for a minute, and nothing else ever."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import assume, given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from melder_common.grants import (
    GrantRefused,
    generate_grant_keys,
    issue_grant,
    load_private_key,
    load_public_key,
    verify_grant,
)
from melder_common.settings import SettingsError

KEY = SigningKey(bytes(32))
PUBLIC = KEY.verify_key
NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
CLERK, PHOTO, REPORT = UUID(int=1), UUID(int=2), UUID(int=3)


def issue(**changes: Any) -> str:
    facts: dict[str, Any] = {
        "audience": "media",
        "clerk_id": CLERK,
        "action": "photo.view",
        "object_id": PHOTO,
        "report_id": REPORT,
        "now": NOW,
    }
    return issue_grant(KEY, **(facts | changes))


def verify(token: str, **changes: Any) -> Any:
    facts: dict[str, Any] = {
        "audience": "media",
        "action": "photo.view",
        "object_id": PHOTO,
        "now": NOW + timedelta(seconds=30),
    }
    return verify_grant(PUBLIC, token, **(facts | changes))


def code_of(token: str, **changes: Any) -> str:
    with pytest.raises(GrantRefused) as refused:
        verify(token, **changes)
    return refused.value.code


def test_a_good_grant_tells_who_may_do_what() -> None:
    grant = verify(issue())
    assert (grant.clerk_id, grant.object_id, grant.report_id) == (CLERK, PHOTO, REPORT)
    assert grant.expires_at == NOW + timedelta(seconds=60)
    assert verify(issue(report_id=None)).report_id is None
    assert verify(issue()).grant_id != grant.grant_id


@pytest.mark.parametrize(
    "change", [{"audience": "notify"}, {"action": "photo.delete"}, {"object_id": UUID(int=9)}]
)
def test_it_is_for_nothing_else(change: dict[str, Any]) -> None:
    assert code_of(issue(), **change) == "mismatch"


def test_it_ends_after_a_minute_and_does_not_begin_in_the_future() -> None:
    assert code_of(issue(), now=NOW + timedelta(seconds=60)) == "expired"
    assert verify(issue(), now=NOW + timedelta(seconds=59))
    assert verify(issue(), now=NOW - timedelta(seconds=4))
    assert code_of(issue(), now=NOW - timedelta(seconds=6)) == "not_yet"


@given(st.data())
def test_any_changed_character_spoils_it(data: st.DataObject) -> None:
    token = issue()
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    assume(other != token[place])
    assert code_of(token[:place] + other + token[place + 1 :]) in {"malformed", "signature"}


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    assert code_of(text) in {"malformed", "signature"}


def test_another_key_does_not_sign() -> None:
    stranger = SigningKey(bytes([1] * 32))
    token = issue_grant(
        stranger, audience="media", clerk_id=CLERK, action="photo.view",
        object_id=PHOTO, report_id=None, now=NOW,
    )  # fmt: skip
    assert code_of(token) == "signature"


def test_keys_are_files_that_are_never_replaced(tmp_path: Path) -> None:
    private, public = tmp_path / "grants/private.pem", tmp_path / "grants/public.pem"
    generate_grant_keys(private, public)
    assert private.stat().st_mode & 0o777 == 0o600
    token = issue_grant(
        load_private_key(private), audience="media", clerk_id=CLERK, action="photo.view",
        object_id=PHOTO, report_id=None, now=NOW,
    )  # fmt: skip
    assert verify_grant(
        load_public_key(public), token, audience="media", action="photo.view",
        object_id=PHOTO, now=NOW,
    )  # fmt: skip
    with pytest.raises(FileExistsError):
        generate_grant_keys(private, public)
    with pytest.raises(SettingsError, match="PEM"):
        load_private_key(public)
    with pytest.raises(SettingsError, match="missing"):
        load_public_key(tmp_path / "missing")


def test_keys_of_other_programs_are_read(tmp_path: Path) -> None:
    """As ``openssl genpkey -algorithm ed25519`` writes them, and older installations."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    (tmp_path / "private.pem").write_bytes(_private_pem(key))
    (tmp_path / "public.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    assert load_private_key(tmp_path / "private.pem") == KEY
    assert load_public_key(tmp_path / "public.pem") == PUBLIC


def test_our_keys_are_read_by_other_programs(tmp_path: Path) -> None:
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    generate_grant_keys(private, public)
    key = serialization.load_pem_private_key(private.read_bytes(), password=None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    assert key.private_bytes_raw() == bytes(load_private_key(private))
    assert serialization.load_pem_public_key(public.read_bytes()) == key.public_key()


@pytest.mark.parametrize("wrong", ["other kind", "no base64", "cut"])
def test_other_keys_are_refused(wrong: str, tmp_path: Path) -> None:
    file = tmp_path / "private.pem"
    body = _private_pem(ed25519.Ed25519PrivateKey.generate()).decode()
    lines = body.splitlines()
    file.write_text(
        {
            "other kind": _private_pem(ec.generate_private_key(ec.SECP256R1())).decode(),
            "no base64": body.replace(lines[1], lines[1][:-1]),
            "cut": body.replace(lines[1], lines[1][:-4]),
        }[wrong]
    )
    with pytest.raises(SettingsError, match=r"PEM|Ed25519"):
        load_private_key(file)


def _private_pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
