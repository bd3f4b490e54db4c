"""A grant allows one thing for a minute, and nothing else ever."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from melder_common.grants import (
    GrantRefused,
    generate_grant_keys,
    issue_grant,
    load_private_key,
    load_public_key,
    verify_grant,
)
from melder_common.settings import SettingsError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key()
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
    stranger = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
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
