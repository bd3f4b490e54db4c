"""What is sealed opens only with its own key, under its own name, unchanged."""

import pytest

from melder_media.store.sealing import CannotOpen, MasterKey

MASTER = MasterKey(b"m" * 32)


def test_what_was_sealed_can_be_opened() -> None:
    key = MASTER.open(MASTER.new_data_key("photo-1"), "photo-1")
    sealed = key.seal(b"a picture", "photo-1/full.webp")
    assert b"picture" not in sealed
    assert key.open(sealed, "photo-1/full.webp") == b"a picture"


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    key = MASTER.open(MASTER.new_data_key("photo-1"), "photo-1")
    assert key.seal(b"a picture", "name") != key.seal(b"a picture", "name")


def test_another_master_key_is_named() -> None:
    wrapped = MASTER.new_data_key("photo-1")
    with pytest.raises(CannotOpen, match="original_key_file"):
        MasterKey(b"n" * 32).open(wrapped, "photo-1")


def test_a_data_key_belongs_to_one_photo() -> None:
    with pytest.raises(CannotOpen):
        MASTER.open(MASTER.new_data_key("photo-1"), "photo-2")


@pytest.mark.parametrize(
    "break_it",
    [lambda s: s[:-1], lambda s: s + b"x", lambda s: s[:20] + b"!" + s[21:], lambda _: b""],
)
def test_changed_bytes_do_not_open(break_it: object) -> None:
    assert callable(break_it)
    key = MASTER.open(MASTER.new_data_key("photo-1"), "photo-1")
    with pytest.raises(CannotOpen):
        key.open(break_it(key.seal(b"a picture of some length", "name")), "name")


def test_a_sealed_picture_belongs_to_its_name() -> None:
    key = MASTER.open(MASTER.new_data_key("photo-1"), "photo-1")
    with pytest.raises(CannotOpen):
        key.open(key.seal(b"a picture", "thumbnail"), "full")
