"""Settings of the routing service, from the environment (prefix ``ROUTING_``)."""

from pathlib import Path

from pydantic import AnyHttpUrl
from pydantic_settings import SettingsConfigDict

from melder_common.settings import ServiceSettings


class RoutingSettings(ServiceSettings):
    """One frozen object; secrets are paths of files.

    ``database_url`` is the worker's (role ``routing_worker``: bus, timers, apply),
    ``desk_database_url`` the desk's (role ``routing_desk``, under row-level security),
    ``owner_database_url`` the schema owner's, needed by ``migrate`` only.
    """

    model_config = SettingsConfigDict(env_prefix="ROUTING_", frozen=True)

    port: int = 8002
    desk_database_url: str
    desk_database_password_file: Path | None = None
    owner_database_url: str | None = None
    owner_database_password_file: Path | None = None
    session_key_file: Path
    grant_private_key_file: Path
    intake_url: AnyHttpUrl | None = None
