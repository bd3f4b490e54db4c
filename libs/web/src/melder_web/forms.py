"""Forms: what is wrong in which field, and the token that makes a second click harmless."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping

from melder_common.problems import FieldError

FORM_TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field, not a secret
_FORM_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


class FormErrors(Mapping[str, str]):
    """Messages by field name, in the order in which they were found; the first per field counts.

    The error summary links each message to the element whose id is the field name. The empty
    name stands for the form as a whole.
    """

    def __init__(self, messages: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._messages: dict[str, str] = dict(messages)

    @classmethod
    def from_problem(cls, errors: Iterable[FieldError]) -> "FormErrors":
        """From the ``errors`` of an RFC 9457 problem: ``[{"field": …, "message": …}]``."""
        found = cls()
        for error in errors:
            found.add(error.get("field", ""), error.get("message", ""))
        return found

    def add(self, field: str, message: str) -> None:
        """Note what is wrong with ``field`` unless something is noted already."""
        self._messages.setdefault(field, message)

    def __getitem__(self, field: str) -> str:
        return self._messages[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)


def new_form_token() -> str:
    """128 random bits for one rendering of a form: the idempotency key of its sending."""
    return secrets.token_urlsafe(16)


def is_form_token(text: str) -> bool:
    """Whether ``text`` has the shape of a form token (it proves nothing more)."""
    return _FORM_TOKEN.fullmatch(text) is not None
