"""Settings of the routing service, from the environment (prefix ``ROUTING_``)."""

from pathlib import Path

from pydantic import AnyHttpUrl, field_validator
from pydantic_settings import SettingsConfigDict

from melder_common.rate_limit import Rate
from melder_common.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """One frozen object; secrets are paths of files.

    ``database_url`` is the worker's (role ``routing_worker``: bus, timers, apply),
    ``desk_database_url`` the desk's (role ``routing_desk``, under row-level security),
    ``owner_database_url`` the schema owner's, needed by ``migrate`` only. ``questions_per_client``:
    how often one address may ask who is responsible, e.g. 600/minute. ``open311_keys_dir``:
    the folder with the key files that the region file names for bodies reached by Open311;
    ``media_url``: the media service, from which released photos for them are fetched.
    ``case_link_key_file`` makes the links for bodies reached by e-mail, ``sealing_public_dir``
    holds notify's public keys, which close them on their way.
    """

    model_config = SettingsConfigDict(env_prefix="ROUTING_", frozen=True)

    port: int = 8002
    desk_database_url: str
    desk_database_password_file: Path | None = None
    owner_database_url: str | None = None
    owner_database_password_file: Path | None = None
    session_key_file: Path
    grant_private_key_file: Path
    case_link_key_file: Path
    sealing_public_dir: Path
    intake_url: AnyHttpUrl | None = None
    media_url: AnyHttpUrl | None = None
    open311_keys_dir: Path | None = None
    questions_per_client: str = "600/minute"

    @field_validator("questions_per_client")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        Rate.parse(value)
        return value
