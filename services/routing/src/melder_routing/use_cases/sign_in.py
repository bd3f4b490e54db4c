"""A clerk signs in with login and password, and out again."""

import hashlib
import hmac

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.sign_in import SignInRefused, require_patience
from melder_routing.store.clerks import find_account
from melder_routing.store.desk_units import DeskUnits
from melder_routing.store.passwords import is_password
from melder_routing.store.sessions import (
    add_failure,
    add_session,
    count_failures,
    drop_dead_sessions,
    drop_session,
    forgive,
    new_session_token,
)


async def sign_in(
    units: DeskUnits,
    *,
    login: str,
    password: str,
    address: str,
    key: bytes,
    former_token: str | None = None,
) -> str:
    """The token of a new session; the former one ends. No unit is open while hashing.

    Raises SignInThrottled, and SignInRefused for whatever does not fit together.
    """
    login = login.strip().lower()
    async with units.begin_unscoped() as unit:
        account = await find_account(unit.connection, login)
        login_hash = _keyed(key, "login", login)
        address_hash = _keyed(key, unit.now.date().isoformat(), address)
        by_login, by_address = await count_failures(
            unit.connection, login_hash=login_hash, address_hash=address_hash, now=unit.now
        )
        require_patience(by_login=by_login + 1, by_address=by_address + 1)
        await add_failure(
            unit.connection, login_hash=login_hash, address_hash=address_hash, now=unit.now
        )
    stored = account.password_hash if account and account.active else None
    if not await is_password(password, stored) or account is None:
        raise SignInRefused(login)
    token = new_session_token()
    async with units.begin_unscoped() as unit:
        await forgive(unit.connection, [login_hash])
        await drop_dead_sessions(unit.connection, unit.now)
        if former_token:
            await drop_session(unit.connection, former_token)
        await add_session(unit.connection, token, account.clerk_id, unit.now)
    return token


async def sign_out(unit: UnitOfWork, token: str) -> None:
    """End the session of ``token``."""
    await drop_session(unit.connection, token)


def _keyed(key: bytes, purpose: str, value: str) -> bytes:
    return hmac.new(key, f"{purpose}\x00{value}".encode(), hashlib.sha256).digest()
