"""Who may try to sign in how often, and how long a session lasts."""

from datetime import timedelta

WINDOW = timedelta(minutes=15)
"""Failures older than this are forgiven."""

PER_LOGIN = 5
"""Failed tries for one login name in the window; the next one has to wait."""

PER_ADDRESS = 50
"""Failed tries from one address: a whole town hall may sit behind it."""

IDLE = timedelta(hours=2)
"""A session that nobody used for so long ends."""

LONGEST = timedelta(hours=10)
"""A working day: after that everybody signs in again."""

NOTED_EVERY = timedelta(minutes=5)
"""How often the last use of a session is written down."""


class SignInRefused(Exception):
    """Login and password do not belong together; nobody learns which of them was wrong."""


class SignInThrottled(Exception):
    """Too many failures; ``wait`` says how long until the next try counts."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many failures, wait {wait}")
        self.wait = wait


def require_patience(*, by_login: int, by_address: int) -> None:
    """Raises SignInThrottled when the failures of the window, this try included, are too many."""
    if by_login > PER_LOGIN or by_address > PER_ADDRESS:
        raise SignInThrottled(WINDOW)
