"""Response headers of every page: content security policy and its relatives.

The policy passed with KERN and OpenLayers; icons are ``data:`` masks, previews of chosen photos
``blob:`` images. Nothing inline, nothing foreign.
"""

from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CAPABILITY_PATHS = ("/m/", "/me/", "/fall/")
"""Paths whose address is itself the secret (tracking, confirm, unsubscribe, a body's one case)."""

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}


_HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def content_security_policy(*, map_hosts: Iterable[str] = ()) -> str:
    """The policy; ``map_hosts`` are origins of a configured basemap (images and data only)."""
    hosts = "".join(f" {host}" for host in map_hosts)
    extended = {name: _POLICY[name] + hosts for name in ("img-src", "connect-src")}
    return "; ".join(f"{name} {value}" for name, value in {**_POLICY, **extended}.items())


class SecurityHeaders:
    """ASGI middleware that adds the headers an answer does not carry already.

    Referrer-Policy: ``same-origin``, and ``no-referrer`` where the address is a capability, so
    that no log behind us ever reads it. HSTS only over https, one year.
    """

    def __init__(self, app: ASGIApp, *, map_hosts: Iterable[str] = ()) -> None:
        self._app = app
        headers = {
            "Content-Security-Policy": content_security_policy(map_hosts=map_hosts),
            "X-Content-Type-Options": "nosniff",
            "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        secret = headers | {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
        ordinary = headers | {"Referrer-Policy": "same-origin"}
        self._headers = {
            (is_secret, is_https): _as_sent(chosen | (_HSTS if is_https else {}))
            for is_secret, chosen in ((True, secret), (False, ordinary))
            for is_https in (True, False)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add what the answer lacks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name for name, _ in given}
                added = [pair for pair in self._headers_for(scope) if pair[0] not in names]
                message = {**message, "headers": given + added}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _headers_for(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        is_secret = scope["path"].startswith(CAPABILITY_PATHS)
        return self._headers[is_secret, scope["scheme"] == "https"]


def _as_sent(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As ASGI wants them, made once: names in lower case."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
