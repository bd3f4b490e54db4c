"""Secrets of a directory become Secrets of Kubernetes, each with what its service needs."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from melder_operator.installation_secrets import KEYS, ensure_secrets
from melder_operator.kubernetes_secrets import kubernetes_secrets
from melder_operator.nats_users import service_rights

app = typer.Typer()
app.command()(kubernetes_secrets)


def printed(directory: Path, *more: str) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(app, [str(directory), *more])
    assert result.exit_code == 0, result.output
    return {one["metadata"]["name"]: one for one in yaml.safe_load_all(result.output)}


def content(secret: dict[str, Any], key: str) -> str:
    return b64decode(secret["data"][key]).decode()


def test_a_file_becomes_a_key(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    (tmp_path / "notify/smtp_password").write_text("of the mail server\n")
    secrets = printed(tmp_path)
    token = (tmp_path / "internal_token").read_text()
    assert content(secrets["melder-intake"], "internal_token") == token
    assert content(secrets["melder-notify"], "notify.smtp_password") == "of the mail server\n"
    assert [key[7:] for key in secrets["melder-sealing-public"]["data"]] == [".pub"]


def test_no_service_gets_what_another_one_owns(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    owned = {name: set(one["data"]) for name, one in printed(tmp_path).items()}
    assert "database.melder_routing" not in owned["melder-routing"]
    assert owned["melder-routing-owner"] == {"database.melder_routing"}
    shared = {"internal_token", "grants.public.pem"}
    services = [
        owned[f"melder-{name}"] - shared for name in ("intake", "routing", "media", "notify")
    ]
    assert sum(map(len, services)) == len(set.union(*services))
    everything = set.union(*owned.values())
    assert not any("melder_admin" in key for key in everything)
    expected = {".".join(Path(key).parts) for key in KEYS} - {"database.melder_admin"}
    assert expected <= everything


def test_nats_knows_every_user_with_password_and_rights(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    text = content(printed(tmp_path, "--partitions", "6")["melder-nats"], "authorization.conf")
    for user in ("intake", "routing", "media", "notify", "operator"):
        password = (tmp_path / "nats" / user).read_text().strip()
        assert f'user: "{user}", password: "{password}"' in text
    assert "$JS.API.CONSUMER.MSG.NEXT.*.intake-6" in text
    assert "intake-7" not in text
    assert not any("CREATE" in subject for subject in service_rights("intake").publish)


def test_roles_for_cloudnative_pg_come_when_asked_for(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    assert "melder-role-routing-desk" not in printed(tmp_path)
    role = printed(tmp_path, "--cloudnative-pg")["melder-role-routing-desk"]
    assert role["type"] == "kubernetes.io/basic-auth"
    assert content(role, "username") == "routing_desk"
    assert content(role, "password") == (tmp_path / "database/routing_desk").read_text().strip()


@pytest.mark.parametrize("missing", ["nats/operator", "intake/form_key", "sealing/public/*"])
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    ensure_secrets(tmp_path)
    for path in tmp_path.glob(missing):
        path.unlink()
    result = CliRunner().invoke(app, [str(tmp_path)])
    assert result.exit_code == 1
    assert missing.split("/", maxsplit=1)[0] in result.output
