"""A case that lies with a body reached by Open311, and what to do about it next: pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from melder_common.event_values import CaseState
from melder_routing.domain.case import Case
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.outside_entry import OutsideEntry
from melder_routing.domain.remote_status import OUR_STATES
from melder_routing.domain.states import is_closed

OutsideState = Literal["waiting", "posting", "token", "sent", "refused", "left"]

SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=30)
TOKEN_PAUSES = (2, 2, 5, 15, 60, 300)
"""Seconds between questions for the id behind a token; the last one goes on."""


@dataclass(frozen=True, slots=True)
class OutsideCase:
    """One row of ``outside_case``: see ``store/outside_tables.py`` for the columns."""

    id: UUID
    case_id: UUID
    body: str
    state: OutsideState
    noted_at: datetime
    arrivals: int = 1
    asked: bool = False
    attempts: int = 0
    with_text: bool | None = None
    with_photos: tuple[UUID, ...] = ()
    token: str | None = None
    remote_id: str | None = None
    sent_at: datetime | None = None
    remote_status: str | None = None
    remote_at: datetime | None = None
    error: str | None = None
    failing_since: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A public message of ours, or a change of state with its message, since the case left."""

    key: str
    at: datetime
    text: str | None = None
    state: CaseState | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a case may leave: everything here is released, nothing else is read for it."""

    text: str | None
    photos: tuple[UUID, ...]
    words: tuple[Word, ...] = ()
    photos_pending: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """Something the other side has not heard yet; ``key`` names it for good."""

    key: str
    status: str
    text: str = ""
    photo: UUID | None = None

    def update_id(self, outside_id: UUID) -> str:
        """The same for every attempt: by it the other side knows an update again."""
        return str(uuid5(outside_id, self.key))


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do until something happens, or until ``until``."""

    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The case is not to go there any more (or never was): ``why`` is a code."""

    why: Literal["elsewhere", "closed", "came_from_there"]


@dataclass(frozen=True, slots=True)
class Post:
    """Send the case, with its text or without, and with these photos."""

    with_text: bool
    photos: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AskToken:
    """Ask for the id behind the token."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the other side one piece of news."""

    news: News


Step = Rest | Leave | Post | AskToken | Tell


@dataclass(frozen=True, slots=True)
class OutsideFile:
    """All that decides about the next step.

    ``entry`` is missing when the region file has none any more; ``told`` are the keys of what the
    other side has heard, ``came_from`` is the API client that reported the case.
    """

    outside: OutsideCase
    case: Case
    entry: Open311Entry | None
    shown: Shown
    told: frozenset[str]
    came_from: str | None

    @property
    def is_elsewhere(self) -> bool:
        """Whether another body works on the case by now."""
        return self.case.working.slug != self.outside.body


def next_step(file: OutsideFile, now: datetime) -> Step:
    """What to do now about a case that lies outside, or is to."""
    entry, state = file.entry, file.outside.state
    if entry is None or state == "left":
        return Rest()
    if state == "refused":
        return Leave("elsewhere") if file.is_elsewhere else Rest()
    if state == "token":
        return AskToken()
    if state == "sent":
        return _next_news(file, entry)
    if state == "posting":
        return _again(file.outside, file.shown)
    return _leave(file, entry) or _first_post(file, entry, now)


def _leave(file: OutsideFile, entry: Open311Entry) -> Leave | None:
    if file.is_elsewhere:
        return Leave("elsewhere")
    if is_closed(file.case.state):
        return Leave("closed")
    if entry.client is not None and file.came_from == entry.client:
        return Leave("came_from_there")
    return None


def _first_post(file: OutsideFile, entry: Open311Entry, now: datetime) -> Step:
    outside, case, shown = file.outside, file.case, file.shown
    waits = waits_for_review(
        entry,
        case,
        asked=outside.asked,
        noted_at=outside.noted_at,
        photos_pending=shown.photos_pending,
        now=now,
    )
    if waits is not None:
        return waits
    photos = () if entry.photos == "none" else shown.photos
    return Post(with_text=shown.text is not None, photos=photos)


def waits_for_review(
    entry: OutsideEntry,
    case: Case,
    *,
    asked: bool,
    noted_at: datetime,
    photos_pending: bool,
    now: datetime,
) -> Rest | None:
    """How long a case stays here before it leaves for the first time; none when it may leave.

    What is dangerous, and what a clerk ``asked`` for, waits for no review.
    """
    if entry.sends == "by_hand" and not asked:
        return Rest()
    longest = noted_at + timedelta(hours=entry.longest_wait_hours)
    reviewed = not case.text_to_review and not (
        entry.waits_for_photos and (case.photos_to_review or photos_pending)
    )
    waits = entry.sends == "after_review" and not (case.hazard or asked or reviewed)
    return Rest(longest) if waits and now < longest else None


def _again(outside: OutsideCase, shown: Shown) -> Post:
    """The same once more, but for what was taken back meanwhile."""
    photos = tuple(photo for photo in outside.with_photos if photo in shown.photos)
    return Post(with_text=bool(outside.with_text) and shown.text is not None, photos=photos)


def _next_news(file: OutsideFile, entry: Open311Entry) -> Step:
    """The first thing the other side has not heard; when all is said, the case may leave it."""
    news = _news(file, entry) if entry.updates else []
    untold = next((one for one in news if one.key not in file.told), None)
    if untold is not None:
        return Tell(untold)
    return Leave("elsewhere") if file.is_elsewhere else Rest()


def _news(file: OutsideFile, entry: Open311Entry) -> list[News]:
    arrivals = file.outside.arrivals
    if file.is_elsewhere:
        return [News(f"left:{arrivals}", "NOT_COUNCILS_RESPONSIBILITY", _GONE)]
    back = [News(f"back:{arrivals}", "REOPEN", _BACK)] if arrivals > 1 else []
    return [*back, *_contents(entry, file.shown, file.told), *_words(file.shown)]


def _contents(entry: Open311Entry, shown: Shown, told: frozenset[str]) -> list[News]:
    """The text as it is now, or that it was taken back; the photos that may be seen."""
    news = []
    if shown.text is not None:
        news.append(News(text_key(shown.text), "UNCHANGED", f"{_TEXT}\n\n{shown.text}"))
    elif any(key.startswith("text:") for key in told):
        news.append(News(text_key(""), "UNCHANGED", _TAKEN_BACK))
    if entry.photos != "none":
        news += [News(f"photo:{one}", "UNCHANGED", _PHOTO, one) for one in shown.photos]
    sent = (key.removeprefix("photo:") for key in told if key.startswith("photo:"))
    hidden = set(sent) - {str(photo) for photo in shown.photos}
    return [*news, *(News(f"hidden:{one}", "UNCHANGED", _HIDDEN) for one in sorted(hidden))]


def _words(shown: Shown) -> list[News]:
    return [
        News(word.key, OUR_STATES[word.state] if word.state else "UNCHANGED", word.text or _STATE)
        for word in shown.words
    ]


def text_key(text: str) -> str:
    """The key of a text by its content: an altered one is news again."""
    return "text:" + hashlib.sha256(text.encode()).hexdigest()[:24]


def told_by(post: Post, shown: Shown) -> frozenset[str]:
    """The keys of what a POST has told already."""
    text = {text_key(shown.text)} if post.with_text and shown.text is not None else set()
    return frozenset(text | {f"photo:{photo}" for photo in post.photos})


def pause_after(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many failures: 15 s, 30 s … half an hour, ± a quarter."""
    doubled: timedelta = SHORTEST_PAUSE * (1 << min(max(attempts, 1) - 1, 16))
    return min(doubled, LONGEST_PAUSE) * (0.75 + 0.5 * chance)


def token_pause(attempts: int) -> timedelta:
    """How long to wait before asking for the id behind a token again."""
    return timedelta(seconds=TOKEN_PAUSES[min(attempts, len(TOKEN_PAUSES) - 1)])


def sorted_words(words: Sequence[Word]) -> tuple[Word, ...]:
    """In the order in which they were said."""
    return tuple(sorted(words, key=lambda word: (word.at, word.key)))


_TEXT = "Der Text der Meldung:"
_TAKEN_BACK = (
    "Der Text der Meldung wurde zurückgenommen. Bitte verwenden Sie ihn nicht weiter und "
    "veröffentlichen Sie ihn nicht."
)
_PHOTO = "Ein Foto zur Meldung."
_HIDDEN = (
    "Ein Foto zur Meldung wurde zurückgenommen. Bitte verwenden Sie es nicht weiter und "
    "veröffentlichen Sie es nicht."
)
_STATE = "Der Stand der Bearbeitung hat sich geändert."
_GONE = "Dieser Fall wird jetzt von einer anderen Stelle bearbeitet."
_BACK = "Dieser Fall liegt wieder bei Ihnen."
