"""The vendor's collection, run by newman against a server as people run it, and a receiver for its notifications."""

import asyncio
import contextlib
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web

from ringmain.dialects.ringotel import ids as ringotel
from ringmain.dialects.ringplan import ids as ringplan
from tests.clients.ringotel_wire import SECRET, Rpc
from tests.commands.server import Served, ringmain
from tests.conditions import eventually
from tests.conftest import TEMPLATE
from tests.databases import on_database, run
from tests.delivery.receiver import Receiver, receiving

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "ringotel_collection"
COLLECTION: Final = FOLDER / "collection.json"
NEWMAN: Final = HERE / "node_modules" / ".bin" / "newman"
PICTURE: Final = (FOLDER / "picture.png").read_bytes()
FROM_THE_DOCUMENT: Final = 18
TOLD: Final = ("message", "delivered", "read", "typing", "updated", "deleted")

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


class Place:
    """A server with the collection's organization, and a receiver of notifications."""

    def __init__(self, url: str, receiver: Receiver, file_url: str) -> None:
        self.url = url
        self.receiver = receiver
        self.file_url = file_url


@contextlib.asynccontextmanager
async def shelf() -> AsyncIterator[str]:
    """Where the links of messages of type 7 lead."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/b003-21ab-cd73-ef91-4890b8399f64.png"
    finally:
        await runner.cleanup()


@pytest.fixture
async def place(server_dsn: str, tmp_path: Path) -> AsyncIterator[Place]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    dsn = on_database(server_dsn, name)
    async with receiving() as receiver, shelf() as file_url:
        text = (FOLDER / "company.toml").read_text().replace("http://127.0.0.1:1/hook", receiver.url)
        (tmp_path / "company.toml").write_text(text)
        applied = await ringmain(tmp_path, "apply", "company.toml", database_url=dsn)
        assert applied.code == 0, applied.err
        async with Served(tmp_path, database_url=dsn, egress_allow="127.0.0.0/8:*") as server:
            yield Place(server.url, receiver, file_url)
    await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def newman(place: Place, folder: Path, **variables: str) -> dict[str, Any]:
    """Run the collection; returns newman's own report of the run."""
    told = [argument for key, value in variables.items() for argument in ("--env-var", f"{key}={value}")]
    process = await asyncio.create_subprocess_exec(
        *(str(NEWMAN), "run", str(COLLECTION), "--working-dir", str(FOLDER), *told),
        *("--reporters", "json", "--reporter-json-export", str(folder / "report.json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said, _ = await process.communicate()
    assert (folder / "report.json").exists(), said.decode()
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())["run"]
    return report


async def test_all_requests_of_the_collection(place: Place, tmp_path: Path) -> None:
    api = Rpc(f"{place.url}/api", SECRET)
    (org,) = await asyncio.to_thread(api, "getOrganizations")
    report = await newman(
        *(place, tmp_path),
        request_url=f"{place.url}/api",
        webhook_url=place.receiver.url,
        token=SECRET,
        orgid=org["id"],
        file_url=place.file_url,
    )
    assert [failure["error"]["message"] for failure in report["failures"]] == []
    wanted = [one["name"] for folder in json.loads(COLLECTION.read_text())["item"] for one in folder["item"]]
    assert [one["item"]["name"] for one in report["executions"]] == wanted
    named = [name for name in wanted if not name.endswith(("(saved example)", "(in the text)", "(advanced)", "link"))]
    assert len(named) == FROM_THE_DOCUMENT
    assert report["stats"]["assertions"]["total"] > len(wanted)


async def test_our_notifications_look_like_the_collections(place: Place) -> None:
    """What newman posts to the receiver as the document's samples, and what the server posts, have the same keys."""
    samples: dict[tuple[str, int], set[str]] = {}
    for one in json.loads(COLLECTION.read_text())["item"][0]["item"]:
        body = json.loads(one["request"]["body"]["raw"])
        assert set(body) == {"method", "params", "api_key"}
        samples[body["method"], body["params"].get("type", 0)] = set(body["params"])
    api = Rpc(f"{place.url}/api", SECRET)
    (org,) = await asyncio.to_thread(api, "getOrganizations")

    async def call(method: str, **params: Any) -> Any:
        return await asyncio.to_thread(api, method, orgid=org["id"], **params)

    brought = await call("message", **{"from": "1234567890", "to": "502"}, content="Hi there")
    session = {"sessionid": brought["sessionid"]}
    await call("read", **session)
    await call("typing", **session)
    await call("updated", messageid=brought["messageid"], content="Hello Everyone!")
    await call("deleted", messageid=brought["messageid"])
    # A user answers from an app that speaks RingPlan.
    conversation = ringplan.encode(ringotel.decode_stamp(brought["sessionid"], "session"))
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {SECRET}-2", "X-User-Id": "primary"}) as http:
        url = f"{place.url}/texting/conversations/{conversation}/messages/publish"
        async with http.post(url, json={"text": "Hello World!"}) as answer:
            assert answer.status == 201, await answer.text()

    async def all_told() -> dict[str, set[str]] | None:
        heard = {post.json["method"]: set(post.json["params"]) for post in place.receiver.posts}
        return heard if set(TOLD) <= set(heard) else None

    heard = await eventually(all_told)
    for method in TOLD:
        assert heard[method] == samples[method, 1 if method == "message" else 0], method
    assert all(post.json["api_key"] == SECRET for post in place.receiver.posts)
