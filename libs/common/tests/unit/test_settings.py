"""A service starts with right settings only, and says which are wrong."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict
from sqlalchemy import MetaData

from melder_common.connection import Connection
from melder_common.cookies import CookiePolicy
from melder_common.service import Service
from melder_common.settings import (
    ServiceSettings,
    SettingsError,
    load_settings,
    read_secret,
    settings_or_exit,
)
from melder_common.tables import EventTables


class ProbeSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="PROBE_")


def settings(**changes: Any) -> ProbeSettings:
    facts: dict[str, Any] = {
        "database_url": "postgresql+asyncpg://melder_probe@127.0.0.1:5432/melder",
        "public_url": "http://127.0.0.1:8000",
        "port": 8001,
        "internal_token_file": "/secrets/token",
    }
    return ProbeSettings(**(facts | changes))


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql+asyncpg://melder_probe@db/melder",
        "PUBLIC_URL": "https://melder.example/",
        "PORT": "8001",
        "INTERNAL_TOKEN_FILE": "/secrets/token",
        "TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1",
    }.items():
        monkeypatch.setenv(f"PROBE_{name}", value)
    found = load_settings(ProbeSettings)
    assert found.trusted_proxies == ("10.0.0.0/8", "127.0.0.1")
    assert found.origin == "https://melder.example"
    assert ":" in found.instance
    with pytest.raises(ValidationError):
        found.port = 1  # type: ignore[misc]  # it is frozen: that is the test


def test_every_wrong_variable_is_named_and_no_value_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_DATABASE_URL", "postgresql+asyncpg://melder:geheim@db/melder")
    monkeypatch.setenv("PROBE_PORT", "x")
    with pytest.raises(SettingsError) as wrong:
        load_settings(ProbeSettings)
    message = str(wrong.value)
    for name in ("PROBE_DATABASE_URL", "PROBE_PORT", "PROBE_PUBLIC_URL", "PROBE_INTERNAL_TOKEN"):
        assert name in message
    assert "geheim" not in message


def test_commands_end_with_a_message_instead_of_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        settings_or_exit(ProbeSettings)
    assert ended.value.code == 78
    assert "PROBE_DATABASE_URL: Field required" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": "postgresql://melder@db/melder"},
        {"database_url": "postgresql+asyncpg://melder:secret@db/melder"},
        {"public_url": "http://melder.example"},
        {"public_url": "http://localhost.evil.example"},
        {"public_url": "ftp://melder.example"},
        {"trusted_proxies": "gateway"},
        {"log_level": "LOUD"},
        {"port": 70000},
        {"partitions": 0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "https://x.example"]
)
def test_plain_http_stays_on_this_machine(url: str) -> None:
    assert settings(public_url=url).origin == url


def test_cookies_are_bound_to_host_and_https_where_they_can_be() -> None:
    secure = CookiePolicy.of_public_url("https://melder.example")
    assert secure.name("desk") == "__Host-desk"
    assert secure.attributes == {
        "secure": True, "httponly": True, "samesite": "lax", "path": "/",
    }  # fmt: skip
    local = CookiePolicy.of_public_url("http://127.0.0.1:8000")
    assert local.name("desk") == "desk"
    assert local.attributes["secure"] is False
    with pytest.raises(SettingsError, match="https"):
        CookiePolicy.of_public_url("http://melder.example")


def test_secrets_are_read_stripped_or_their_absence_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "token"
    with pytest.raises(SettingsError, match=f"{file}.*create it"):
        read_secret(file)
    file.write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        read_secret(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UnicodeDecodeError"):
        read_secret(file)
    file.write_text(" s3cret\n")
    assert read_secret(file) == "s3cret"
    assert settings(internal_token_file=file).internal_token() == "s3cret"


@pytest.mark.parametrize("by_operator", [True, False])
def test_who_makes_streams_and_on_how_many_servers_reaches_the_transport(by_operator: bool) -> None:  # noqa: FBT001 (both are tried)
    chosen = settings(nats_replicas=3, nats_streams_by_operator=by_operator)
    service = Service.build(
        chosen,
        name="probe",
        tables=EventTables(MetaData(), "probe"),
        subscriptions={},
        timers={},
    )
    transport = service.transport_over(Connection("nats://127.0.0.1:1", name="probe"))
    assert transport._replicas == 3
    assert transport._may_set_up is not by_operator
