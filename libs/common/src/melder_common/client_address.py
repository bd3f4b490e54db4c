"""Who is at the other end: forwarded headers count only when a trusted proxy sent them."""

import ipaddress
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORWARDED = frozenset(
    {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded", b"x-real-ip"}
)


class TrustedProxies:
    """The networks whose word about the client counts."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(
            ipaddress.ip_network(network, strict=False) for network in networks
        )

    def trusts(self, host: str) -> bool:
        """Whether ``host`` is an address within the trusted networks."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def client_behind(self, peer: str, forwarded_for: str) -> str:
        """The nearest address that is not ours, read from the right (the left can be forged)."""
        client = peer
        for hop in reversed(forwarded_for.split(",")):
            if not self.trusts(client):
                break
            address = _without_port(hop.strip())
            if address is None:
                break
            client = address
        return client


def _without_port(hop: str) -> str | None:
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(hop))
    except ValueError:
        return None


class ForwardedHeaders:
    """ASGI middleware: sets client and scheme from a trusted proxy, drops the headers otherwise."""

    def __init__(self, app: ASGIApp, trusted: TrustedProxies) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Correct the scope, then pass the request on."""
        if scope["type"] == "http":
            self._apply(scope)
        await self._app(scope, receive, send)

    def _apply(self, scope: Scope) -> None:
        found: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in _FORWARDED:
                found.setdefault(name, []).append(value)
        if not found:
            return
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in _FORWARDED]
        peer, port = scope["client"] or ("", 0)
        if not self._trusted.trusts(peer):
            return
        chain = b",".join(found.get(b"x-forwarded-for", ())).decode("latin-1")
        scope["client"] = (self._trusted.client_behind(peer, chain), port)
        scheme = found.get(b"x-forwarded-proto", [b""])[-1].strip().lower()
        if scheme in {b"http", b"https"}:
            scope["scheme"] = scheme.decode()
