"""What people send, and what they are told."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from melder_common.ids import new_id
from melder_media.domain.claims import upload_token

pytestmark = pytest.mark.integration

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def send(
    media: Any, content: bytes, *, name: str = "foto.jpg", html: bool = False, **fields: str
) -> Any:
    return await media.client.post(
        "/photos/",
        files={"photo": (name, content, "image/jpeg")},
        data=fields,
        headers=HTML if html else {},
    )


async def test_a_program_gets_id_token_place_and_preview(media: Any, pictures: Any) -> None:
    answer = await send(media, pictures.talkative_jpeg())
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    body = answer.json()
    assert UUID(body["photo_id"])
    assert body["suggestion"]["lat"] == pytest.approx(54.0898472)
    assert body["suggestion"]["taken_at"] == "2026-05-01T12:30:11+02:00"
    preview = await media.client.get(body["preview_url"])
    assert (preview.status_code, preview.headers["content-type"]) == (200, "image/webp")
    assert preview.headers["cache-control"] == "no-store"
    assert b"CANARY" not in preview.content


async def test_the_suggestion_is_kept_nowhere(media: Any, pictures: Any) -> None:
    await send(media, pictures.talkative_jpeg())
    async with media.service.engine.connect() as connection:
        tables = await connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'media'"
        )
        for (table,) in tables.all():
            rows = await connection.exec_driver_sql(f"SELECT t::text FROM media.{table} t")
            text = "".join(row[0] for row in rows)
            assert not any(
                trace in text for trace in ("54.08", "12.14", "CANARY", "43414e415259")
            ), table


async def test_a_browser_without_javascript_goes_back_to_the_form(
    media: Any, pictures: Any
) -> None:
    first = await send(
        media, pictures.jpeg(), html=True, return_to="/melden?category=road-pothole&photo=a.b"
    )
    assert first.status_code == 303
    target = urlsplit(first.headers["location"])
    photos = parse_qs(target.query)["photo"]
    assert (target.path, target.netloc, photos[0]) == ("/melden", "", "a.b")
    photo_id, _, token = photos[1].partition(".")
    assert token == upload_token(media.parts.upload_key, UUID(photo_id))


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/melden",
        "//evil.example/melden",
        "/\\evil.example",
        "\\\\evil.example/melden",
        "https:/melden",
        "javascript:alert(1)",
        "/desk/logout",
        "/melden/../desk",
        "/melden\r\nSet-Cookie: a=b",
        "/melden?" + "a" * 5000,
        "/melden?" + "&".join(f"a{n}=1" for n in range(500)),
        "http://[broken",
        "",
    ],
)
async def test_the_way_back_leads_nowhere_else(media: Any, pictures: Any, target: str) -> None:
    answer = await send(media, pictures.jpeg(), html=True, return_to=target)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/melden?photo=")


REFUSED = {
    "text named jpg": (b"Das ist nur Text.\n" * 50, 415, "not-an-image"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 415, "not-an-image"),
    "html polyglot": (b"GIF89a/*<script>alert(1)</script>*/", 415, "not-an-image"),
    "empty": (b"", 422, "empty"),
    "zeros": (bytes(5000), 415, "not-an-image"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("html", [True, False])
async def test_what_is_no_photo_is_refused_readably(media: Any, name: str, *, html: bool) -> None:
    content, status, code = REFUSED[name]
    answer = await send(media, content, html=html)
    assert answer.status_code == status
    if html:
        assert answer.headers["content-type"].startswith("text/html")
        assert "Foto" in answer.text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code
    assert await media.spoken() == []


async def test_pixel_bombs_are_refused(media: Any, pictures: Any) -> None:
    answer = await send(media, pictures.png_bomb(), name="foto.png")
    assert (answer.status_code, answer.json()["code"]) == (413, "too-many-pixels")


@pytest.mark.parametrize("share", [0.5, 0.99])
async def test_half_a_photo_is_refused(media: Any, pictures: Any, share: float) -> None:
    whole = pictures.jpeg(2000, 1500)
    answer = await send(media, whole[: int(len(whole) * share)])
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable")


@pytest.mark.parametrize("html", [True, False])
@pytest.mark.parametrize("size", [2_000_001, 50_000_000])
async def test_large_photos_are_refused_in_the_callers_format(
    media: Any, size: int, *, html: bool
) -> None:
    answer = await send(media, b"\xff\xd8\xff" + bytes(size), html=html)
    assert answer.status_code == 413
    expected = "text/html" if html else "application/problem+json"
    assert answer.headers["content-type"].startswith(expected)


async def test_a_body_without_a_length_is_counted(media: Any) -> None:
    async def chunks() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        for _ in range(100):
            yield bytes(65536)

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await media.client.post("/photos/", content=chunks(), headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no boundary here"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\ntext\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\n" + b"A: " + b"b" * 100_000 + b"\r\n\r\n\r\n--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 5000 + b"--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="photo"; filename="\xff\xfe\x00"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("application/json", b'{"photo": "x"}'),
        ("application/x-www-form-urlencoded", b"photo=abc"),
        ("text/plain", b"abc"),
        ("image/jpeg", b"\xff\xd8\xff"),
    ],
)
async def test_odd_bodies_get_a_clear_answer(media: Any, kind: str, body: bytes) -> None:
    answer = await media.client.post("/photos/", content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


async def test_several_files_at_once_are_refused(media: Any, pictures: Any) -> None:
    files = [("photo", ("a.jpg", pictures.jpeg())), ("photo", ("b.jpg", pictures.jpeg()))]
    assert (await media.client.post("/photos/", files=files)).status_code == 400


async def test_too_many_uploads_have_to_wait(media: Any, settings: Any, pictures: Any) -> None:
    from dataclasses import replace

    from melder_media.main import build_api

    parts = replace(media.parts, settings=settings.model_copy(update={"upload_rate": "2/hour"}))
    media.client._transport.app = build_api(media.service, parts)
    statuses = [(await send(media, pictures.jpeg())).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]


class TestWithdrawing:
    async def test_the_uploader_may(self, media: Any, pictures: Any) -> None:
        photo_id, token = await media.upload(pictures.jpeg())
        for _ in range(2):
            answer = await media.client.delete(
                f"/photos/{photo_id}", headers={"X-Upload-Token": token}
            )
            assert answer.status_code == 204
        assert await media.carry_out() == ["delete_photo"]
        assert (await media.get(photo_id, token=token)).status_code == 404

    async def test_nobody_else_may(self, media: Any, pictures: Any) -> None:
        photo_id, token = await media.upload(pictures.jpeg())
        for wrong in ("", "A" * 32, token[:-1], upload_token(media.parts.upload_key, new_id())):
            assert (
                await media.client.delete(f"/photos/{photo_id}", params={"token": wrong})
            ).status_code == 404
        assert (await media.get(photo_id, token=token)).status_code == 200

    async def test_not_once_it_belongs_to_a_report(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        claim = await media.upload(pictures.jpeg())
        await media.submit(report_id, claim)
        answer = await media.client.delete(f"/photos/{claim[0]}", params={"token": claim[1]})
        assert answer.status_code == 409
