"""How a body is reached by links to its cases: the entry ``case_link`` of a body."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from melder_routing.domain.outside_entry import OutsideEntry

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
LONGEST_ADDRESS, LONGEST_LOCAL_PART = 254, 64
"""Characters of an address, and of what stands before its @ (RFC 5321 §4.5.3.1)."""


def _is_one_address(value: str) -> str:
    """A dot-atom in ASCII (RFC 5322 §3.4.1): nothing ends a header or names a second one."""
    local = value.partition("@")[0]
    if len(value) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL_PART:
        raise ValueError("is too long for an e-mail address: give a shorter one of the office")
    if not _ADDRESS.fullmatch(value):
        raise ValueError(
            "is no e-mail address: write exactly one, as office@body.example "
            "(a domain with umlauts as xn--…)"
        )
    return value


class CaseLinkEntry(OutsideEntry):
    """A mailbox that gets an e-mail with a link for each case of the body.

    ``email``: one address of the office, not of a person: whoever reads it may act. The page behind
    the link always shows what is released by then, so that without a word in ``send`` mails leave
    at once. ``remind_after``: working days without an answer until a reminder, 0 for none.
    """

    email: Annotated[str, AfterValidator(_is_one_address)]
    remind_after: Annotated[int, Field(ge=0, le=60)] = 3
