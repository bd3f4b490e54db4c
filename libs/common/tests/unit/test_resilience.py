"""One more try after a lost connection; a fuse before a neighbour that does not answer."""

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from melder_common.resilience import CircuitBreaker, retry_once_on_disconnect

LOST = OperationalError("SELECT 1", {}, Exception(), connection_invalidated=True)
OTHER = IntegrityError("INSERT", {}, Exception())


class Work:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize(
    "lost",
    [
        LOST,
        ConnectionResetError(),
        ConnectionRefusedError(),
        OSError("Multiple exceptions: …"),
        OSError(113, "No route to host"),
    ],
)
async def test_one_more_try_after_a_lost_connection(lost: Exception) -> None:
    work = Work(lost)
    assert await retry_once_on_disconnect(work) == "done"
    assert work.tries == 2


async def test_not_twice_and_not_for_other_errors() -> None:
    work = Work(LOST, LOST)
    with pytest.raises(OperationalError):
        await retry_once_on_disconnect(work)
    assert work.tries == 2
    for other in (OTHER, FileNotFoundError(2, "No such file"), TimeoutError()):
        work = Work(other)
        with pytest.raises(type(other)):
            await retry_once_on_disconnect(work)
        assert work.tries == 1


def test_the_fuse_blows_rests_and_lets_one_try() -> None:
    now = 100.0
    breaker = CircuitBreaker(failures=2, rest_s=10, clock=lambda: now)
    breaker.fail()
    assert breaker.allows()
    breaker.fail()
    assert not breaker.allows()
    now = 110.0
    assert breaker.allows()
    assert not breaker.allows(), "only one call may try while nothing is known"
    breaker.fail()
    assert not breaker.allows()
    now = 121.0
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert breaker.allows()
