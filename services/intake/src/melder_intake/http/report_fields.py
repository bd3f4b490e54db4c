"""The form of ``/melden`` as it was typed: read once, rendered again, turned into a report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from melder_common.event_values import PhotoClaim
from melder_common.ids import new_id
from melder_common.tokens import equal, hmac_token
from melder_intake.domain.catalogue import Category
from melder_intake.domain.checking import RawReport
from melder_intake.domain.submission import Fault, PhotoFile
from melder_intake.http.open311_requests import content_type
from melder_web.forms import is_form_token
from melder_web.static_map import MapView

MAP_SIZE = (320, 320)
"""Fits the narrowest phone, because a click counts in pixels of the picture as it is shown."""

HONEYPOT = "website"

_TEXTS = (
    "service_code", "lat", "long", "accuracy_m", "address", "description", "name", "email",
    "phone",
)  # fmt: skip
_COMMA = re.compile(r"\s*([+-]?\d{1,3}),(\d{1,20})\s*")
_PIXEL = re.compile(r"\d{1,5}")
_LONGEST_TEXT = 256 * 1024


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
    def place(self) -> dict[str, str]:
        """What the place field shows."""
        return {name: self[name] for name in ("lat", "long", "address", "accuracy_m")}


def question_field(category: str, code: str) -> str:
    """The name of a question's field: two categories may ask under the same code."""
    return f"q.{category}.{code}"


async def read_form(request: Request) -> TypedForm:
    """The posted form; a click on the picture of the map is turned into coordinates."""
    async with request.form(max_files=50, max_fields=1000, max_part_size=_LONGEST_TEXT) as form:
        texts = {name: _last_text(form, name) for name in _TEXTS}
        view = _view(form)
        clicked = _click(form, view)
        if clicked:
            texts |= {"lat": f"{clicked[0]:.6f}", "long": f"{clicked[1]:.6f}", "accuracy_m": ""}
            view = view.closer_to(*clicked) if view else None
        token = _last_text(form, "form_token")
        return TypedForm(
            texts=texts,
            answers=_answers(form),
            hazard=_last_text(form, "hazard") == "ja",
            claims=_texts(form, "photo_claim") + _texts(form, "photo"),
            drafts=_texts(form, "photo_draft"),
            files=await _files(form),
            step="karte" if clicked else _last_text(form, "step") or "senden",
            token=token if is_form_token(token) else "",
            view=view,
            trapped=bool(_last_text(form, HONEYPOT).strip()),
        )


def read_query(request: Request) -> TypedForm:
    """A form opened with facts filled in: place and category of a QR code, a photo just sent."""
    query = request.query_params
    texts = {name: query[name][:200] for name in _TEXTS[:5] if name in query}
    return TypedForm(texts=texts, claims=tuple(query.getlist("photo"))[:20])


def raw_report(
    form: TypedForm, category: Category | None, *, form_key: bytes, language: str
) -> RawReport:
    """The report behind the form. Only answers to the chosen category's questions count."""
    claims = tuple(claim for text in form.claims if (claim := _claim(text)))
    return RawReport(
        source="web",
        category=form["service_code"],
        lat=_with_point(form["lat"]),
        long=_with_point(form["long"]),
        accuracy=form["accuracy_m"],
        address=form["address"],
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


def _answers(form: FormData) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if name.startswith("q.") and isinstance(value, str) and value.strip():
            found[name] = (*found.get(name, ()), value.strip())
    return found


async def _files(form: FormData) -> tuple[PhotoFile, ...]:
    files = []
    for _, value in form.multi_items():
        if isinstance(value, UploadFile) and (content := await value.read()):
            files.append(PhotoFile(new_id(), content_type(value.content_type), content))
    return tuple(files)


def _last_text(form: FormData, name: str) -> str:
    values = _texts(form, name)
    return values[-1] if values else ""


def _texts(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str) and value)


def _view(form: FormData) -> MapView | None:
    fields = {name: _last_text(form, name) for name in ("map_lat", "map_long", "map_m")}
    return MapView.from_fields(fields, *MAP_SIZE)


def _click(form: FormData, view: MapView | None) -> tuple[float, float] | None:
    x, y = _last_text(form, "map.x"), _last_text(form, "map.y")
    if view is None or not (_PIXEL.fullmatch(x) and _PIXEL.fullmatch(y)):
        return None
    return view.place(int(x), int(y))


def _with_point(text: str) -> str:
    """People in Germany write a decimal comma; the form may understand it, the API may not."""
    found = _COMMA.fullmatch(text)
    return f"{found[1]}.{found[2]}" if found else text
