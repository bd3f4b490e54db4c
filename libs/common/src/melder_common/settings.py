"""What a service is told by its environment: one frozen class each, secrets as files."""

import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
"""Hosts on which plain http is allowed, because nothing leaves the machine."""


class SettingsError(Exception):
    """A setting or a secret is missing or wrong; the message names it and the remedy."""


def read_secret(path: Path) -> str:
    """The text of a secret file without surrounding white space. Raises SettingsError."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"cannot read the secret file {path} ({error.__class__.__name__}): "
            "create it (make up does) or point the setting elsewhere"
        ) from error
    if not secret:
        raise SettingsError(f"the secret file {path} is empty: put the secret into it")
    return secret


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine only."""
    return (urlsplit(url).hostname or "") in LOOPBACK_HOSTS


def _this_instance() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


class ServiceSettings(BaseSettings):
    """What every service needs; a service's own class sets ``env_prefix`` and adds its own.

    ``public_url`` is what people see in links; over plain http only on this machine.
    ``trusted_proxies`` are addresses or networks whose forwarded headers count.
    ``nats_url``: one NATS server, or several of a cluster with commas between.
    ``nats_replicas``: on how many NATS servers the own stream is kept when this service makes it.
    ``nats_streams_by_operator``: streams and durables are made by ``melder streams`` alone; this
    service may not and waits for them.
    ``drain_seconds``: how long a stopping service goes on serving while it says "not ready".
    ``erasure_ledger``: directory outside the database that remembers whom a restore must erase
    again; until it is set, notes wait and ``melder doctor`` complains.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", validate_default=True)

    database_url: str
    database_password_file: Path | None = None
    nats_url: str = "nats://127.0.0.1:4222"
    nats_user: str | None = None
    nats_password_file: Path | None = None
    nats_replicas: int = Field(default=1, ge=1, le=5)
    nats_streams_by_operator: bool = False
    public_url: AnyHttpUrl
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    partitions: int = Field(default=4, ge=1, le=64)
    instance: str = Field(default_factory=_this_instance)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "::1")
    log_level: str = "INFO"
    otlp_endpoint: str | None = None
    internal_token_file: Path
    pool_size: int = Field(default=8, ge=1, le=200)
    drain_seconds: float = Field(default=0, ge=0, le=60)
    erasure_ledger: Path | None = None

    @field_validator("database_url")
    @classmethod
    def _drives_asyncpg(cls, url: str) -> str:
        if not url.startswith("postgresql+asyncpg://"):
            raise ValueError("must start with postgresql+asyncpg://")
        if urlsplit(url).password:
            raise ValueError("must not contain the password: put it into database_password_file")
        return url

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        level = value.upper()
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level

    @model_validator(mode="after")
    def _no_plain_http_in_public(self) -> Self:
        if self.public_url.scheme == "http" and not is_loopback(str(self.public_url)):
            raise ValueError(
                f"public_url {self.public_url} would send sessions and contacts in the clear: "
                "use https:// (plain http is allowed on 127.0.0.1, ::1 and localhost only)"
            )
        return self

    @property
    def origin(self) -> str:
        """``public_url`` without a trailing slash, for building links."""
        return str(self.public_url).rstrip("/")

    def internal_token(self) -> str:
        """The bearer token of calls between services. Raises SettingsError."""
        return read_secret(self.internal_token_file)


S = TypeVar("S", bound=BaseSettings)


def load_settings(kind: type[S]) -> S:
    """Read ``kind`` from the environment. Raises SettingsError naming each wrong variable."""
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        lines = [
            f"{prefix}{'_'.join(str(part) for part in problem['loc'])}".upper()
            + f": {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError("wrong settings:\n  " + "\n  ".join(lines)) from None


def settings_or_exit(kind: type[S]) -> S:
    """For commands: as ``load_settings``, but ends the program with the message and status 78."""
    try:
        return load_settings(kind)
    except SettingsError as error:
        exit_for_settings(error)


def exit_for_settings(error: SettingsError) -> NoReturn:
    """Say on standard error what is wrong, and end with EX_CONFIG (sysexits.h)."""
    sys.stderr.write(f"{error}\n")
    raise SystemExit(os.EX_CONFIG)
