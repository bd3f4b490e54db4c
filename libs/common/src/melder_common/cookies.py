"""How cookies are named and guarded: ``__Host-`` and Secure, but on loopback over plain http."""

from dataclasses import dataclass
from typing import Literal, TypedDict
from urllib.parse import urlsplit

from melder_common.settings import SettingsError, is_loopback


class CookieAttributes(TypedDict):
    """Keyword arguments for Starlette's ``set_cookie`` and ``delete_cookie``."""

    secure: bool
    httponly: bool
    samesite: Literal["lax", "strict", "none"]
    path: str


@dataclass(frozen=True, slots=True)
class CookiePolicy:
    """The same for all cookies of an installation. ``secure``: the public URL is https."""

    secure: bool

    @classmethod
    def of_public_url(cls, public_url: str) -> "CookiePolicy":
        """Plain http is allowed on this machine only. Raises SettingsError elsewhere."""
        scheme = urlsplit(public_url).scheme
        if scheme != "https" and not is_loopback(public_url):
            raise SettingsError(f"public_url {public_url}: sessions need https outside loopback")
        return cls(secure=scheme == "https")

    def name(self, plain: str) -> str:
        """The cookie's name: ``__Host-`` binds it to host, path / and https (RFC 6265bis)."""
        return f"__Host-{plain}" if self.secure else plain

    @property
    def attributes(self) -> CookieAttributes:
        """What to pass to ``set_cookie`` beside name, value and age."""
        return {"secure": self.secure, "httponly": True, "samesite": "lax", "path": "/"}
