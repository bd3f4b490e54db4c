"""What an installation is called and how people reach it: environment ``MELDER_SITE_…``."""

from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class Site(BaseSettings):
    """Names and contacts shown on every page; the same for all services of an installation.

    ``languages``: tags offered to people, the first is authoritative and the desk's. ``notice``
    stands above every page (demo, maintenance). ``outline_url``: GeoJSON of the region and its
    municipalities on this origin. ``phone`` as people write it; empty hides it.
    """

    model_config = SettingsConfigDict(env_prefix="MELDER_SITE_", frozen=True)

    name: str = "Mängelmelder"
    region: str = "Rostock und Landkreis Rostock"
    provider: str = "Ein Dienst der Städte, Ämter und Gemeinden"
    phone: str = ""
    phone_hours: str = ""
    email: str = ""
    notice: str = ""
    languages: tuple[str, ...] = ("de", "en")
    timezone: str = "Europe/Berlin"
    basemap: Literal["none"] = "none"
    outline_url: str = "/api/region.geojson"

    def in_first_language(self) -> "Site":
        """The same site for pages that speak its first language only."""
        return self.model_copy(update={"languages": self.languages[:1]})
