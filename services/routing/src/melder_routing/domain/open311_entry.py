"""How a body is reached by Open311: the entry ``open311`` of a body in the region file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from melder_routing.domain.outside_entry import OutsideEntry, Sending
from melder_routing.domain.region_entry import Entry, Name

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
KeyFile = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A code of the other side, as its service list writes it; FixMyStreet's are free text."""


def _is_safe_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no web address: write https://… as the other side names it")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("would send key and cases in the clear: write https://…")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("holds more than an address: put the key into key_file")
    return value.rstrip("/")


class AttributeSource(Entry):
    """Where a remote attribute gets its value: an answer of ours, or always the same ``value``.

    ``choices``: our answer → theirs, where the keys differ.
    """

    question: str | None = None
    value: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    choices: dict[str, Code] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        if (self.question is None) == (self.value is None):
            raise ValueError("names no single source: give it either question or value")
        return self


def _bare_question(value: Any) -> Any:
    return {"question": value} if isinstance(value, str) else value


class ServiceChoice(Entry):
    """The remote service for a category; ``attributes`` by the remote attribute's code."""

    code: Code
    attributes: dict[Code, Annotated[AttributeSource, BeforeValidator(_bare_question)]] = Field(
        default_factory=dict
    )


def _bare_code(value: Any) -> Any:
    return {"code": value} if isinstance(value, str) else value


Service = Annotated[ServiceChoice, BeforeValidator(_bare_code)]


class Open311Entry(OutsideEntry):
    """An endpoint that takes a body's cases. ``url`` is its discovery document or its base.

    ``key_file`` is a file in the folder ``open311`` of the secrets directory. ``client`` is the
    name of the API client that the other side uses here: its own reports never go back to it.
    ``updates``: the endpoint speaks mySociety's ``servicerequestupdates``. Without a word in
    ``send`` cases leave at once where updates can follow, else after the review.
    """

    url: Annotated[str, StringConstraints(max_length=500), AfterValidator(_is_safe_address)]
    format: Literal["json", "xml"] | None = None
    jurisdiction_id: Annotated[str, StringConstraints(min_length=1, max_length=253)] | None = None
    key_file: KeyFile | None = None
    client: Name | None = None
    services: dict[str, Service] = Field(default_factory=dict)
    default_service: Code | None = None
    updates: bool = False
    photos: Literal["files", "links", "none"] = "links"
    poll_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300

    @property
    def sends(self) -> Sending:
        """When a case leaves."""
        return self.send or ("at_once" if self.updates else "after_review")

    @property
    def waits_for_photos(self) -> bool:
        """Whether photos have to be looked at before, because none can follow."""
        return self.photos != "none" and not self.updates

    def service_for(self, category: str) -> ServiceChoice | None:
        """The remote service for a category of ours; none when nothing is mapped."""
        if chosen := self.services.get(category):
            return chosen
        return ServiceChoice(code=self.default_service) if self.default_service else None

    def attributes_for(
        self, service: ServiceChoice, answers: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[str, ...]]:
        """What the remote attributes get; an unanswered question is left out."""
        filled: dict[str, tuple[str, ...]] = {}
        for code, source in service.attributes.items():
            given = (source.value,) if source.value else answers.get(source.question or "", ())
            if given:
                filled[code] = tuple(source.choices.get(one, one) for one in given)
        return filled
