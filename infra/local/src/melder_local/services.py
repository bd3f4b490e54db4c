"""The environment of the four services on one machine; names are the settings of each service."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from melder_common.provisioning import INSTALLATION
from melder_common.testing.processes import Launch
from melder_local.place import Place

DATABASE = "melder"
SERVICES = tuple(entry.schema for entry in INSTALLATION)
_OWNERS = {entry.schema: entry.owner for entry in INSTALLATION}


SITE = {
    "MELDER_SITE_NAME": "Mängelmelder",
    "MELDER_SITE_REGION": "Rostock und Landkreis Rostock",
    "MELDER_SITE_PHONE": "115",
    "MELDER_SITE_PHONE_HOURS": "Montag bis Freitag 8 bis 18 Uhr",
}
"""What the pages of the demo call themselves."""


def service_environment(service: str, place: Place) -> dict[str, str]:
    """All settings of ``service``, secrets as files."""
    ports = place.ports_for_services()
    prefix = service.upper() + "_"
    role = "routing_worker" if service == "routing" else _OWNERS[service]
    shared = {
        "DATABASE_URL": _database_url(ports["postgres"], role),
        "DATABASE_PASSWORD_FILE": str(place.secrets / "database" / role),
        **_nats(place, ports),
        "NATS_USER": service,
        "NATS_PASSWORD_FILE": str(place.secrets / "nats" / service),
        "PUBLIC_URL": place.url,
        "HOST": "127.0.0.1",
        "PORT": str(ports[service]),
        "TRUSTED_PROXIES": "127.0.0.1",
        "INTERNAL_TOKEN_FILE": str(place.secrets / "internal_token"),
        "ERASURE_LEDGER": str(place.run / "erasures"),
    }
    own = {
        "intake": _intake,
        "routing": _routing,
        "media": _media,
        "notify": _notify,
    }[service](place, ports)
    settings = {prefix + name: value for name, value in {**shared, **own}.items()}
    return settings | SITE


def owner_environment(service: str, place: Place) -> dict[str, str]:
    """As ``service_environment``, but as the role that owns the schema: for migrations."""
    role = _OWNERS[service]
    prefix = service.upper() + "_"
    return {
        **service_environment(service, place),
        prefix + "DATABASE_URL": _database_url(place.ports()["postgres"], role),
        prefix + "DATABASE_PASSWORD_FILE": str(place.secrets / "database" / role),
    }


def service_launch(service: str, place: Place) -> Launch:
    """How to run one service."""
    return Launch(
        service,
        (str(Path(sys.executable).parent / f"melder-{service}"), "serve"),
        ready=answers(f"http://127.0.0.1:{place.ports()[service]}/healthz/live"),
        env=service_environment(service, place),
        stop_grace_s=30,
    )


def answers(url: str) -> Callable[[], bool]:
    """A check whether ``url`` answers with success."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return check


def _nats(place: Place, ports: Mapping[str, int]) -> dict[str, str]:
    if place.has_cluster:
        return {"NATS_URL": place.nats_url, "NATS_REPLICAS": "3"}
    return {"NATS_URL": f"nats://127.0.0.1:{ports['nats']}"}


def _database_url(port: int, role: str) -> str:
    return f"postgresql+asyncpg://{role}@127.0.0.1:{port}/{DATABASE}"


def _intake(place: Place, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "ROUTING_INTERNAL_URL": f"http://127.0.0.1:{ports['routing']}",
        "MEDIA_INTERNAL_URL": f"http://127.0.0.1:{ports['media']}",
        "TRACKING_KEY_FILE": str(place.secrets / "intake/tracking_key"),
        "FORM_KEY_FILE": str(place.secrets / "intake/form_key"),
        "SEALING_PUBLIC_DIR": str(place.secrets / "sealing/public"),
    }


def _routing(place: Place, ports: Mapping[str, int]) -> dict[str, str]:
    port = ports["postgres"]
    return {
        "DESK_DATABASE_URL": _database_url(port, "routing_desk"),
        "DESK_DATABASE_PASSWORD_FILE": str(place.secrets / "database/routing_desk"),
        "OWNER_DATABASE_URL": _database_url(port, "melder_routing"),
        "OWNER_DATABASE_PASSWORD_FILE": str(place.secrets / "database/melder_routing"),
        "SESSION_KEY_FILE": str(place.secrets / "routing/session_key"),
        "GRANT_PRIVATE_KEY_FILE": str(place.secrets / "grants/private.pem"),
        "CASE_LINK_KEY_FILE": str(place.secrets / "routing/case_link_key"),
        "SEALING_PUBLIC_DIR": str(place.secrets / "sealing/public"),
        "INTAKE_URL": f"http://127.0.0.1:{ports['intake']}",
        "MEDIA_URL": f"http://127.0.0.1:{ports['media']}",
        "OPEN311_KEYS_DIR": str(place.secrets / "open311"),
    }


def _media(place: Place, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "S3_ENDPOINT": f"127.0.0.1:{ports['s3']}",
        "S3_SECURE": "false",
        "S3_ACCESS_KEY_FILE": str(place.secrets / "s3/access_key"),
        "S3_SECRET_KEY_FILE": str(place.secrets / "s3/secret_key"),
        "UPLOAD_KEY_FILE": str(place.secrets / "media/upload_key"),
        "ORIGINAL_KEY_FILE": str(place.secrets / "media/original_key"),
        "GRANT_PUBLIC_KEY_FILE": str(place.secrets / "grants/public.pem"),
    }


def _notify(place: Place, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(ports["smtp"]),
        "SMTP_TLS": "none",
        "MAIL_FROM": "melder@rostock.example",
        "SEALING_PRIVATE_DIR": str(place.secrets / "sealing/private"),
        "SEALING_PUBLIC_DIR": str(place.secrets / "sealing/public"),
        "LINK_KEY_FILE": str(place.secrets / "notify/link_key"),
        "CONTACT_KEY_FILE": str(place.secrets / "notify/contact_key"),
    }
