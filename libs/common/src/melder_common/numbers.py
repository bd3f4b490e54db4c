"""Report numbers: 7 random characters and a check character, made for reading out on the phone.

Crockford's Base32 has no I, L, O and U; the check is Luhn mod N (ISO/IEC 7812 shape, N = 32), which
notices every wrong character and every swap of two neighbours but one pair.
"""

import random

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8

_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def new_number(rng: random.Random | None = None) -> str:
    """A fresh number such as ``K7M4Q2X8``; whoever stores it tries again on a collision."""
    chance = rng or random.SystemRandom()
    body = "".join(chance.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """The Luhn mod 32 check character of ``body`` (canonical symbols only)."""
    total = 0
    for place, symbol in enumerate(reversed(body)):
        value = _VALUE[symbol] * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def normalise_number(text: str) -> str | None:
    """The canonical number behind what somebody typed, or None when it cannot be one.

    Case, spaces and hyphens do not matter; O reads as 0, I and L as 1.
    """
    if not text.isascii() or len(text) > 40:
        return None
    number = text.strip().upper().translate(_READ_AS)
    if len(number) != LENGTH or any(symbol not in _VALUE for symbol in number):
        return None
    return number if check_character(number[:-1]) == number[-1] else None
