"""Storage by URL. S3 is spoken to a small server here, which keeps what it is given and knows If-None-Match."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from obstore.store import LocalStore

from ringmain.core.errors import Unavailable
from ringmain.core.files.storage import get, open_storage, put


class Bucket:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.broken = False

    async def answer(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=403)
        if not request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=key/"):
            return web.Response(status=403)
        if request.method == "PUT":
            if request.headers.get("If-None-Match") == "*" and request.path in self.objects:
                return web.Response(status=412)
            self.objects[request.path] = await request.read()
            return web.Response(headers={"ETag": '"1"'})
        if request.path not in self.objects:
            return web.Response(status=404)
        headers = {"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return web.Response(body=self.objects[request.path], headers=headers)


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bucket]:
    bucket = Bucket()
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", bucket.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    yield bucket
    await runner.cleanup()


async def test_s3_by_url_with_the_usual_settings(bucket: Bucket) -> None:
    storage = open_storage("s3://attachments/under/here")
    assert await put(storage, "1/2", b"content")
    assert bucket.objects == {"/attachments/under/here/1/2": b"content"}
    assert not await put(storage, "1/2", b"other")
    assert await get(storage, "1/2") == b"content"
    with pytest.raises(Unavailable):
        await get(storage, "1/3")


async def test_a_large_object_goes_up_whole(bucket: Bucket) -> None:
    storage = open_storage("s3://attachments")
    content = bytes(20 * 1024 * 1024)
    assert await put(storage, "1/2", content)
    assert await get(storage, "1/2") == content


async def test_s3_that_refuses_is_unavailable(bucket: Bucket) -> None:
    storage = open_storage("s3://attachments")
    bucket.broken = True
    with pytest.raises(Unavailable):
        await put(storage, "1/2", b"content")


@pytest.mark.parametrize("spelling", ["{}", "file://{}"])
async def test_a_folder_is_made_and_kept_private(spelling: str, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    storage = open_storage(spelling.format(folder))
    assert isinstance(storage, LocalStore)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert await put(storage, "1/2", b"content")
    assert not await put(storage, "1/2", b"other")
    assert (folder / "1" / "2").read_bytes() == b"content"


@pytest.mark.parametrize("place", ["http://example.com/x", "gs://bucket", "s3://", "s3:///prefix"])
def test_other_places_are_refused(place: str) -> None:
    with pytest.raises(ValueError, match="file storage"):
        open_storage(place)
