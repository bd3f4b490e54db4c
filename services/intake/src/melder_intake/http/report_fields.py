"""The form of ``/melden`` as it was typed: read once, rendered again, turned into a report."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request

from melder_common.event_values import PhotoClaim
from melder_common.tokens import equal, hmac_token
from melder_intake.domain.catalogue import Category
from melder_intake.domain.checking import RawReport
from melder_intake.domain.submission import Fault, PhotoFile
from melder_intake.http.form_bodies import FormBody, read_form_body
from melder_web.forms import is_form_token
from melder_web.static_map import MapView

MAP_SIZE = (268, 268)
"""Fits a phone of 320 pixels, also beside the bar of an error: a click counts in pixels of the
picture as it is shown."""

HONEYPOT = "website"

_TEXTS = (
    "service_code", "lat", "long", "accuracy_m", "address", "asset_id", "description", "name",
    "email", "phone",
)  # fmt: skip
_COMMA = re.compile(r"\s*([+-]?\d{1,3}),(\d{1,20})\s*")
_PIXEL = re.compile(r"\d{1,5}")


@dataclass(frozen=True)
class TypedForm:
    """Texts by field name; answers by field name; claims and drafts as ``id.token`` texts."""

    texts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hazard: bool = False
    claims: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    files: tuple[PhotoFile, ...] = ()
    step: str = "senden"
    token: str = ""
    view: MapView | None = None
    trapped: bool = False

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def lat(self) -> str:
        """The latitude with a decimal point."""
        return _with_point(self["lat"])

    @property
    def long(self) -> str:
        """The longitude with a decimal point."""
        return _with_point(self["long"])

    @property
    def place(self) -> dict[str, str]:
        """What the place field shows."""
        return {name: self[name] for name in ("lat", "long", "address", "accuracy_m", "asset_id")}


def question_field(category: str, code: str) -> str:
    """The name of a question's field: two categories may ask under the same code."""
    return f"q.{category}.{code}"


async def read_form(request: Request) -> TypedForm:
    """The posted form; a click on the picture of the map is turned into coordinates."""
    body = await read_form_body(request)
    texts = {name: body.last(name) for name in _TEXTS}
    view = MapView.from_fields(dict(body.fields), *MAP_SIZE)
    clicked = _click(body, view)
    if clicked:
        texts |= {"lat": f"{clicked[0]:.6f}", "long": f"{clicked[1]:.6f}", "accuracy_m": ""}
        view = view.closer_to(*clicked) if view else None
    token = body.last("form_token")
    return TypedForm(
        texts=texts,
        answers=_answers(body),
        hazard=body.last("hazard") == "ja",
        claims=_readable(body.all("photo_claim") + body.all("photo")),
        drafts=body.all("photo_draft"),
        files=body.files,
        step="karte" if clicked else body.last("step") or "senden",
        token=token if is_form_token(token) else "",
        view=view,
        trapped=bool(body.last(HONEYPOT)),
    )


def read_query(request: Request) -> TypedForm:
    """A form opened with facts filled in: place and category of a QR code, a photo just sent."""
    query = request.query_params
    texts = {name: query[name][:200] for name in _TEXTS[:6] if name in query}
    return TypedForm(texts=texts, claims=_readable(query.getlist("photo"))[:20])


def raw_report(
    form: TypedForm, category: Category | None, *, form_key: bytes, language: str
) -> RawReport:
    """The report behind the form. Only answers to the chosen category's questions count."""
    claims = tuple(claim for text in form.claims if (claim := _claim(text)))
    return RawReport(
        source="web",
        category=form["service_code"],
        lat=form.lat,
        long=form.long,
        accuracy=form["accuracy_m"],
        address=form["address"],
        asset_id=form["asset_id"],
        description=form["description"],
        answers=_answers_of(form, category),
        name=form["name"],
        email=form["email"],
        phone=form["phone"],
        hazard=form.hazard,
        language=language,
        photos=claims,
        files=form.files,
        drafts=tuple(draft for text in form.drafts if (draft := read_draft(form_key, text))),
        signals=("honeypot",) if form.trapped else (),
    )


def field_of(fault: Fault, category: str) -> str:
    """The form's field that a fault is about."""
    if fault.field == "category":
        return "service_code"
    if fault.field.startswith("attribute["):
        return question_field(category, fault.details["code"])
    return fault.field


def draft_text(form_key: bytes, photo_id: UUID) -> str:
    """What the form keeps of a spooled file, so that only its sender can claim it."""
    return f"{photo_id}.{hmac_token(form_key, 'draft-photo', str(photo_id))}"


def read_draft(form_key: bytes, text: str) -> UUID | None:
    """The spooled file behind ``text``; None when it was not ours."""
    claim = _claim(text)
    if claim is None or not equal(text, draft_text(form_key, claim.photo_id)):
        return None
    return claim.photo_id


def _readable(claims: Iterable[str]) -> tuple[str, ...]:
    """What can be a claim at all: pages show its photo, so that it must have both parts."""
    return tuple(text for text in claims if _claim(text))


def _claim(text: str) -> PhotoClaim | None:
    photo_id, _, token = text.strip().partition(".")
    try:
        found = UUID(photo_id)
    except ValueError:
        return None
    return PhotoClaim(photo_id=found, upload_token=token) if 0 < len(token) <= 200 else None


def _answers_of(form: TypedForm, category: Category | None) -> dict[str, tuple[str, ...]]:
    if category is None:
        return {}
    named = {
        question.code: form.answers.get(question_field(category.slug, question.code), ())
        for question in category.questions
    }
    return {code: values for code, values in named.items() if values}


def _answers(body: FormBody) -> dict[str, tuple[str, ...]]:
    names = {name for name, _ in body.fields if name.startswith("q.")}
    return {name: values for name in names if (values := body.all(name))}


def _click(body: FormBody, view: MapView | None) -> tuple[float, float] | None:
    x, y = body.last("map.x"), body.last("map.y")
    if view is None or not (_PIXEL.fullmatch(x) and _PIXEL.fullmatch(y)):
        return None
    return view.place(int(x), int(y))


def _with_point(text: str) -> str:
    """People in Germany write a decimal comma; the form may understand it, the API may not."""
    found = _COMMA.fullmatch(text)
    return f"{found[1]}.{found[2]}" if found else text
