"""Posted forms: what sloppy and hostile clients send."""

from typing import Any

import pytest
from starlette.requests import Request

from melder_common.problems import Problem
from melder_intake.http.form_bodies import read_form_body

URL_ENCODED = "application/x-www-form-urlencoded"


def request(body: bytes, content_type: str = URL_ENCODED) -> Request:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode())],
    }
    return Request(scope, receive)


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b"description=Stra%C3%9Fe+1", "Straße 1"),
        ("description=Straße 1".encode(), "Straße 1"),
        (b"description=Stra\xdfe 1", "Straße 1"),
        (b"description=%FF", "\ufffd"),
        (b"description=a&description=b", "b"),
        (b"description", ""),
        (b"", ""),
    ],
)
async def test_url_encoded(body: Any, description: Any) -> None:
    assert (await read_form_body(request(body))).last("description") == description


async def test_multipart_keeps_texts_and_files_apart() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="lat"\r\n\r\n54.1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="photo1"; filename="../../etc/p.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\nBYTES\r\n"
        b'--x\r\nContent-Disposition: form-data; name="photo2"; filename=""\r\n\r\n\r\n--x--\r\n'
    )
    form = await read_form_body(request(body, "multipart/form-data; boundary=x"))
    assert form.last("lat") == "54.1"
    assert [(file.content_type, file.content) for file in form.files] == [("image/jpeg", b"BYTES")]


async def test_a_media_type_that_no_header_may_hold_is_not_passed_on() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="p"; filename="p"\r\n'
        b'Content-Type: text/"html\x01\r\n\r\nBYTES\r\n--x--\r\n'
    )
    form = await read_form_body(request(body, "multipart/form-data; boundary=x"))
    assert [file.content_type for file in form.files] == ["application/octet-stream"]


async def test_too_many_and_too_long() -> None:
    with pytest.raises(Problem) as many:
        await read_form_body(request(b"&".join([b"a=1"] * 2000)))
    assert many.value.status == 400
    with pytest.raises(Problem) as long:
        await read_form_body(request(b"a=" + b"x" * 1_100_000))
    assert long.value.status == 413


async def test_other_media_types_read_as_empty() -> None:
    assert (await read_form_body(request(b"{}", "application/json"))).fields == ()
