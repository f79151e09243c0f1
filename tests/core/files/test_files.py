import asyncio
import hashlib
from pathlib import Path

import pytest
from obstore.store import ObjectStore

from ringmain.core.errors import AlreadyExists, NotFound, TooLarge, Unavailable
from ringmain.core.files.service import MAX_SIZE, Files
from ringmain.core.files.storage import open_storage, put
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def storage(folder: Path) -> ObjectStore:
    return open_storage(str(folder))


@pytest.fixture
def files(database: Database, wakeups: Wakeups, storage: ObjectStore) -> Files:
    return Files(database, wakeups, storage)


async def a_company(database: Database) -> int:
    company_id: int = await database.fetchval("INSERT INTO companies (name) VALUES ('C') RETURNING id")
    return company_id


async def test_a_file_is_made_filled_and_read(files: Files, database: Database, folder: Path) -> None:
    company = await a_company(database)
    made = await files.create(company, name="../photo.png")
    assert (made.name, made.uploaded_at, made.size) == ("photo.png", None, None)

    filled = await files.upload(
        company, made.id, content=PNG, uploaded_name="C:\\x\\holiday.png", mimetype="image/jpeg"
    )
    assert (filled.name, filled.uploaded_name, filled.mimetype) == ("photo.png", "holiday.png", "image/png")
    assert filled.size == len(PNG)
    assert filled.uploaded_at is not None
    assert await files.get(company, made.id) == filled
    assert await files.read(company, made.id) == PNG
    assert (folder / str(company) / str(made.id)).read_bytes() == PNG
    assert await database.fetchval("SELECT sha256 FROM files") == hashlib.sha256(PNG).digest()


async def test_the_uploader_is_a_person_of_the_same_company(files: Files, database: Database) -> None:
    company, other = await a_company(database), await a_company(database)
    person = await database.fetchval(
        "INSERT INTO people (company_id, email) VALUES ($1, 'a@example.com') RETURNING id", company
    )
    assert (await files.create(company, name="a", uploaded_by=person)).uploaded_by == person
    with pytest.raises(NotFound, match="person"):
        await files.create(other, name="a", uploaded_by=person)
    with pytest.raises(NotFound, match="company"):
        await files.create(1, name="a")


async def test_a_foreign_file_is_unknown(files: Files, database: Database) -> None:
    company, other = await a_company(database), await a_company(database)
    file = await files.create(company, name="a")
    await files.upload(company, file.id, content=b"a", uploaded_name=None, mimetype=None)
    for company_id, file_id in ((other, file.id), (company, file.id + 1)):
        with pytest.raises(NotFound, match="file"):
            await files.get(company_id, file_id)
        with pytest.raises(NotFound, match="file"):
            await files.read(company_id, file_id)
        with pytest.raises(NotFound, match="file"):
            await files.upload(company_id, file_id, content=b"b", uploaded_name=None, mimetype=None)
    assert await files.read(company, file.id) == b"a"


async def test_a_file_without_content_cannot_be_read(files: Files, database: Database) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    with pytest.raises(NotFound):
        await files.read(company, file.id)


async def test_a_file_is_uploaded_once(files: Files, database: Database) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a.txt")
    await files.upload(company, file.id, content=b"first", uploaded_name=None, mimetype=None)
    for content in (b"first", b"second"):
        with pytest.raises(AlreadyExists):
            await files.upload(company, file.id, content=content, uploaded_name=None, mimetype=None)
    assert await files.read(company, file.id) == b"first"


async def test_of_two_uploads_at_once_one_wins_whole(files: Files, database: Database) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    contents = [bytes([n]) * 10_000 for n in range(6)]
    outcomes = await asyncio.gather(
        *(files.upload(company, file.id, content=c, uploaded_name=f"{c[0]}", mimetype=None) for c in contents),
        return_exceptions=True,
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["AlreadyExists"] * 5 + ["File"]
    kept = await files.read(company, file.id)
    assert (await files.get(company, file.id)).uploaded_name == f"{kept[0]}"
    assert await database.fetchval("SELECT sha256 FROM files") == hashlib.sha256(kept).digest()


async def test_an_upload_cut_off_before_its_row_is_repeated(
    files: Files, database: Database, storage: ObjectStore
) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    await put(storage, f"{company}/{file.id}", b"content")
    with pytest.raises(AlreadyExists):
        await files.upload(company, file.id, content=b"other", uploaded_name=None, mimetype=None)
    await files.upload(company, file.id, content=b"content", uploaded_name=None, mimetype=None)
    assert await files.read(company, file.id) == b"content"


async def test_the_limit_is_25_mebibytes(files: Files, database: Database) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    with pytest.raises(TooLarge):
        await files.upload(company, file.id, content=bytes(MAX_SIZE + 1), uploaded_name=None, mimetype=None)
    assert (await files.get(company, file.id)).uploaded_at is None
    filled = await files.upload(company, file.id, content=bytes(MAX_SIZE), uploaded_name=None, mimetype=None)
    assert filled.size == MAX_SIZE == 26_214_400


async def test_a_failing_store_is_reported_and_nothing_is_written(
    files: Files, database: Database, folder: Path
) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    folder.rmdir()
    folder.write_text("a file where the folder was")
    with pytest.raises(Unavailable):
        await files.upload(company, file.id, content=b"a", uploaded_name=None, mimetype=None)
    assert (await files.get(company, file.id)).uploaded_at is None


async def test_lost_content_is_reported(files: Files, database: Database, folder: Path) -> None:
    company = await a_company(database)
    file = await files.create(company, name="a")
    await files.upload(company, file.id, content=b"a", uploaded_name=None, mimetype=None)
    (folder / str(company) / str(file.id)).unlink()
    with pytest.raises(Unavailable):
        await files.read(company, file.id)
