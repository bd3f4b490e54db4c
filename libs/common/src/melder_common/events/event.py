"""What every event is: a frozen value with a name, one speaker and an aggregate."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """Something that happened. ``NAME`` is what travels on the wire, version last.

    ``ALSO_ABOUT`` names the fields with ids of other reports that it changes something for.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    NAME: ClassVar[str]
    SPEAKER: ClassVar[str]
    AGGREGATE: ClassVar[str]
    ALSO_ABOUT: ClassVar[tuple[str, ...]] = ()
