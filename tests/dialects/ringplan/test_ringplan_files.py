"""The vendor's storage service, specs/ringplan.md section 5."""

import base64
import io
import re

import aiohttp
from PIL import Image

from ringmain.core.files.service import LARGE_PICTURE, MAX_SIZE
from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, World, counts
from tests.documents.pictures import decoded, encoded

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def form(
    content: bytes, *, field: str = "upfile", name: str = "my cat.png", kind: str = "image/png"
) -> aiohttp.FormData:
    data = aiohttp.FormData(quote_fields=False)
    data.add_field("description", "ignored")
    data.add_field(field, io.BytesIO(content), filename=name, content_type=kind)
    return data


async def uploaded(caller: Caller, content: bytes = PNG, **options: str) -> str:
    made = (await caller("POST", "/files", json={"company_id": caller.company, "name": "My Cat"})).json()
    reply = await caller("POST", f"/files/{made['id']}/upload", data=form(content, **options))
    assert reply.status == 200, reply.body
    assert reply.json()["id"] == made["id"]
    return str(made["id"])


async def test_make_upload_and_look(acme: Caller) -> None:
    made = await acme("POST", "/files", json={"company_id": acme.company, "name": "My Cat"})
    assert made.status == 201
    assert set(made.json()) == {
        "id", "company_id", "description", "mimetype", "name", "preview", "size", "uploaded_at", "uploaded_name",
        "user_id",
    }  # fmt: skip
    assert made.json()["user_id"] == ids.encode(acme.office.owner_id)
    assert made.json()["uploaded_at"] is None
    (await acme("POST", f"/conversion/files/{made.json()['id']}/representation", json={})).problem(404)
    file = (await acme("POST", f"/files/{made.json()['id']}/upload", data=form(PNG))).json()
    assert (file["mimetype"], file["size"], file["uploaded_name"]) == ("image/png", len(PNG), "my cat.png")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", file["uploaded_at"])
    original = (await acme("POST", f"/conversion/files/{file['id']}/representation", json={})).json()["original"]
    assert original["preview"] == {
        "base64": "data:image/png;base64," + base64.b64encode(PNG).decode(),
        "filename": "my cat.png",
        "mimetype": "image/png",
    }


async def test_a_large_picture_is_previewed_small_and_linked_whole(acme: Caller) -> None:
    noise = Image.effect_noise((1400, 1000), 90)
    photo = encoded(noise.convert("RGB"), "JPEG", quality=100)
    drawing = encoded(Image.merge("RGBA", (noise, noise, noise, noise)), "PNG")
    for content, kind, extension in ((photo, "jpeg", "jpg"), (drawing, "png", "png")):
        assert len(content) > LARGE_PICTURE
        file = await uploaded(acme, content, name="my cat.big", kind=f"image/{kind}")
        original = (await acme("POST", f"/conversion/files/{file}/representation")).json()["original"]
        shown = original["preview"]
        assert (shown["filename"], shown["mimetype"]) == (f"my cat_preview.{extension}", f"image/{kind}")
        start, _, data = shown["base64"].partition(",")
        assert start == f"data:image/{kind};base64"
        assert decoded(base64.b64decode(data)).size == (320, 229)
        assert (original["size"], original["uploaded_name"]) == (len(content), "my cat.big")
        assert (await acme("GET", original["link"].removeprefix(PUBLIC_URL))).body == content


async def test_a_large_file_that_is_no_picture_is_shown_whole(acme: Caller) -> None:
    broken = PNG + b"\0" * LARGE_PICTURE
    for content, kind in ((broken, "image/png"), (b"x" * (LARGE_PICTURE + 1), "text/plain")):
        file = await uploaded(acme, content, kind=kind)
        shown = (await acme("POST", f"/conversion/files/{file}/representation")).json()["original"]["preview"]
        assert shown["base64"] == f"data:{kind};base64,{base64.b64encode(content).decode()}"
        assert shown["filename"] == "my cat.png"


async def test_a_link_works_without_a_key_until_it_is_changed(acme: Caller, globex: Caller) -> None:
    file = await uploaded(acme)
    original = (await acme("POST", f"/conversion/files/{file}/representation")).json()["original"]
    assert original["link"].startswith(f"{PUBLIC_URL}/files/")
    link = original["link"].removeprefix(PUBLIC_URL)
    nobody: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
    reply = await acme("GET", link, headers=nobody)
    assert (reply.status, reply.body) == (200, PNG)
    assert reply.headers["Content-Type"] == "image/png"
    assert reply.headers["Content-Disposition"] == "inline; filename*=UTF-8''my%20cat.png"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    path, _, query = link.partition("?")
    other = await uploaded(globex)
    stolen = path.replace(file, other).replace(acme.company, globex.company)
    for wrong in (path, f"{stolen}?{query}", f"{path}?{query[:-1]}", f"{path}?{query.replace('=1', '=2', 1)}"):
        (await acme("GET", wrong, headers=nobody)).problem(403)


async def test_what_could_hold_a_script_is_saved_not_shown(acme: Caller) -> None:
    file = await uploaded(acme, b"<script>alert(1)</script>", name="a';b.html", kind="text/html")
    original = (await acme("POST", f"/conversion/files/{file}/representation")).json()["original"]
    reply = await acme("GET", original["link"].removeprefix(PUBLIC_URL))
    assert reply.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%27%3Bb.html"
    assert reply.headers["Content-Security-Policy"] == "sandbox"


async def test_uploads_that_are_refused(acme: Caller, globex: Caller, world: World) -> None:
    file = str((await acme("POST", "/files", json={"name": "x"})).json()["id"])
    path, before = f"/files/{file}/upload", await counts(world.core.database)
    (await acme("POST", path, json={"upfile": "x"})).problem(400)
    (await acme("POST", path, data=form(PNG, field="other"))).problem(400)
    (await acme("POST", path, data={"upfile": "text"})).problem(400)
    for body in (b"", b"--x\r\nnonsense", b'--x\r\nContent-Disposition: form-data; name="upfile"\r\n\r\ntext\r\n--x--'):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        (await acme("POST", path, data=body, headers=headers)).problem(400)
    (await acme("POST", path, data=b"x", headers={"Content-Type": "multipart/form-data"})).problem(400)
    (await globex("POST", path, data=form(PNG))).problem(404)
    (await acme("POST", path, data=form(b"x" * (MAX_SIZE + 1)))).problem(413)
    (await acme("POST", path, data=form(b"x" * (MAX_SIZE + 200_000)))).problem(413)
    assert await counts(world.core.database) == before
    assert (await acme("POST", path, data=form(PNG))).status == 200
    (await acme("POST", path, data=form(b"other"))).problem(409)


async def test_files_that_are_refused(acme: Caller, globex: Caller, world: World) -> None:
    before = await counts(world.core.database)
    body: object
    for body in ({}, {"name": 1}, {"name": "x", "company_id": globex.company}, {"name": "x", "company_id": 5}, []):
        (await acme("POST", "/files", json=body)).problem(400)
    assert await counts(world.core.database) == before
