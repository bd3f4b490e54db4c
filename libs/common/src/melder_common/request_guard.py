"""What no request may be, whatever it is for: endless, huge, compressed, or full of NUL bytes."""

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from melder_common.problems import Problem

DEFAULT_BODY_LIMIT = 1024 * 1024
LONGEST_QUERY = 8 * 1024
LARGEST_HEADERS = 32 * 1024
BODY_PAUSE_S = 30
"""How long a client may pause within its body before the request ends (slow-loris)."""
MOST_READ_ON = 256 * 1024 * 1024
LONGEST_READ_ON_S = 20
"""How much of a refused body is still read, and how long, so that its sender hears the answer."""
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class RequestGuard:
    """ASGI middleware; refusals are raised as Problems for the edge outside to answer.

    ``body_limits``: bytes by path prefix, the longest matching prefix wins; the rest may send
    ``DEFAULT_BODY_LIMIT``. The count runs over the stream, so a false Content-Length helps nobody.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_limits: Mapping[str, int] | None = None,
        default_limit: int = DEFAULT_BODY_LIMIT,
        pause_s: float = BODY_PAUSE_S,
    ) -> None:
        self._app = app
        self._limits = sorted((body_limits or {}).items(), key=lambda item: -len(item[0]))
        self._default = default_limit
        self._pause_s = pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the head of the request, then count its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _check_target(scope)
        headers = dict(reversed(scope["headers"]))  # of a header given twice the first counts
        limit = self._limit_of(scope["path"])
        _check_coding(headers)
        if _is_longer(headers, limit):
            if b"expect" not in headers:
                await _read_on(receive)
            raise too_large(limit)
        body = _CountedBody(receive, limit, self._pause_s)
        if scope["method"] in _WITHOUT_BODY or b"expect" in headers:
            await self._app(scope, body.receive, send)
        else:
            await self._answer_after(body, scope, send)

    async def _answer_after(self, body: "_CountedBody", scope: Scope, send: Send) -> None:
        """An error that is known early is told when all has been sent: its sender hears it so."""

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                await body.read_on()
            await send(message)

        try:
            await self._app(scope, body.receive, send_after_body)
        except Exception:
            await body.read_on()
            raise

    def _limit_of(self, path: str) -> int:
        return next((limit for prefix, limit in self._limits if path.startswith(prefix)),
                    self._default)  # fmt: skip


def _check_target(scope: Scope) -> None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise Problem(400, "invalid-address", "Invalid address", "The address contains a NUL byte.")
    if len(scope["query_string"]) > LONGEST_QUERY:
        raise Problem(414, "address-too-long", "Address too long", "Shorten the query.")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
        raise Problem(431, "headers-too-large", "Headers too large", "Send fewer headers.")


def _check_coding(headers: Mapping[bytes, bytes]) -> None:
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in {b"", b"identity"}:
        raise Problem(
            415,
            "content-encoding-not-supported",
            "Content encoding not supported",
            "Send the body as it is, without compression.",
            headers={"Accept-Encoding": "identity"},
        )


def _is_longer(headers: Mapping[bytes, bytes], limit: int) -> bool:
    length = headers.get(b"content-length")
    return length is not None and (not length.isdigit() or int(length) > limit)


async def _read_on(receive: Receive) -> None:
    """Read what nobody wants: closed over unread bytes, TCP resets and takes the answer along."""
    read = 0
    try:
        async with asyncio.timeout(LONGEST_READ_ON_S):
            while read < MOST_READ_ON:
                message = await receive()
                read += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def too_large(limit: int) -> Problem:
    """413, naming the limit in bytes."""
    return Problem(
        413,
        "too-large",
        "Too large",
        f"The request may have at most {limit} bytes.",
        headers={"Connection": "close"},
        members={"limit_bytes": limit},
    )


class _CountedBody:
    def __init__(self, receive: Receive, limit: int, pause_s: float) -> None:
        self._receive = receive
        self._limit = limit
        self._pause_s = pause_s
        self._received = 0
        self._complete = False

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout(self._pause_s):
                message = await self._receive()
        except TimeoutError:
            self._complete = True
            raise Problem(
                408,
                "request-timeout",
                "Request timeout",
                "The body did not arrive in time. Send it again.",
                headers={"Connection": "close"},
            ) from None
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._received > self._limit:
            await self.read_on()
            raise too_large(self._limit)
        return message

    async def read_on(self) -> None:
        """Read what nobody wants any more."""
        if not self._complete:
            self._complete = True
            await _read_on(self._receive)
