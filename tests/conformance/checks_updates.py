"""Sections 2 and 3: tokens of batch services, and service request updates as FixMyStreet speaks them."""

import time
from datetime import UTC, datetime

from .checks_common import needs_key
from .checks_posting import required_answers
from .reading import MOMENT
from .rules import NotHere, rule
from .server import Server

UPDATE_FIELDS = {
    "update_id", "service_request_id", "status", "updated_datetime", "description", "media_url",
}  # fmt: skip
UPDATE_STATUSES = {
    "open", "investigating", "in_progress", "planned", "action_scheduled", "fixed", "closed",
    "duplicate", "no_further_action", "not_councils_responsibility", "internal_referral",
    "for_triage", "cancelled", "reopen", "unchanged",
}  # fmt: skip


@rule("3.updates", "every update has its fields and a stable update_id")
def updates(server: Server, form: str) -> None:
    found = _updates(server, form)
    for one in found:
        assert set(one) >= UPDATE_FIELDS, UPDATE_FIELDS - set(one)
        assert one["status"] in UPDATE_STATUSES, one["status"]
        assert isinstance(one["update_id"], str), "update_id is no string"
        assert MOMENT.match(one["updated_datetime"]), one["updated_datetime"]
    ids = [one["update_id"] for one in found]
    assert all(ids), "an update without update_id"
    assert len(ids) == len(set(ids)), "an update_id stands twice"
    assert set(ids) <= {one["update_id"] for one in _updates(server, form)}, "update_id changes"


@rule("3.updates", "updates lie in the window that was asked for, both dates or none")
def update_window(server: Server, form: str) -> None:
    old = {"start_date": "2001-01-01T00:00:00Z", "end_date": "2001-01-02T00:00:00Z"}
    assert server.get("servicerequestupdates", form, **old).data() == []
    one = _updates(server, form)[0]
    at = one["updated_datetime"]
    same = server.get("servicerequestupdates", form, start_date=at, end_date=at).data()
    assert {other["updated_datetime"] for other in same} == {at}
    assert one["update_id"] in {other["update_id"] for other in same}
    told = server.get("servicerequestupdates", form, start_date=at).told(400)
    assert "end_date" in told, told


@rule("3.updates", "a posted update is kept once for each update_id")
def posted_update(server: Server, form: str) -> None:
    needs_key(server)
    fields = {
        "service_request_id": server.report(form),
        "update_id": f"u-{datetime.now(UTC).timestamp()}",
        "updated_datetime": f"{datetime.now(UTC):%FT%TZ}",
        "status": "OPEN",
        "description": "Das Loch ist größer geworden & tiefer.",
        "first_name": "Kim",
        "last_name": "-",
    }
    post = {"resource": "servicerequestupdates"}
    (first,) = server.post(form, fields, **post).data()
    (again,) = server.post(form, fields, **post).data()
    assert first["update_id"], first
    assert first == again, f"{first} and then {again}"
    assert "update_id" in server.post(form, fields | {"description": "anders"}, **post).told(400)
    assert "api_key" in server.post(form, fields, without=("api_key",), **post).told(403)
    unknown = fields | {"service_request_id": "no-such-request", "update_id": "u-unknown"}
    server.post(form, unknown, **post).errors(404)


def _updates(server: Server, form: str) -> list[dict[str, str]]:
    found = server.get("servicerequestupdates", form).data()
    assert isinstance(found, list), "updates are no list"
    if not found:
        raise NotHere("no update in the last two hours")
    return found


@rule("2.tokens", "a batch service answers with a token that becomes an id")
def token(server: Server, form: str) -> None:
    needs_key(server)
    batch = [one["service_code"] for one in server.services(form) if one["type"] == "batch"]
    if not batch:
        raise NotHere("no batch service")
    attributes = server.get(f"services/{batch[0]}", form).data()["attributes"]
    fields = {"service_code": batch[0], **required_answers(attributes)}
    (said,) = server.post(form, fields).data()
    assert said.get("token"), f"no token: {said}"
    assert not said.get("service_request_id"), f"token and id: {said}"
    found = _ask_for_number(server, form, said["token"])
    assert set(found) <= {"service_request_id", "token"}, found
    assert found["token"] == said["token"]
    assert found.get("service_request_id"), "the token never became an id"


def _ask_for_number(server: Server, form: str, wanted: str) -> dict[str, str | None]:
    """As clients do: 404 and an element without an id both mean "not yet"."""
    found: dict[str, str | None] = {"token": wanted}
    for _ in range(20):
        answer = server.get(f"tokens/{wanted}", form)
        if answer.status == 404:
            answer.errors(404)
        else:
            (found,) = answer.data()
        if found.get("service_request_id"):
            break
        time.sleep(0.5)
    return found
