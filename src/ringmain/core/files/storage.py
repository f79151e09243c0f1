"""Where the contents of files are kept: a folder by default, S3-compatible storage by URL.

The port is obstore's `ObjectStore`; only `put`, `get` and `remove` here call it, so that every failure has one meaning.
"""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, NotSupportedError
from obstore.store import LocalStore, ObjectStore, S3Store

from ringmain.core.errors import Unavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

log = structlog.get_logger()

# The library's own patience is three minutes; a client that uploads waits no longer than this.
RETRY: "Final[RetryConfig]" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
TIMEOUT: Final = timedelta(seconds=30)


def open_storage(place: str) -> ObjectStore:
    """Open a folder (made if missing) or `s3://bucket/prefix`.

    S3 takes the usual AWS settings: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_S3. An endpoint of http:// is taken at its word.
    Raises ValueError for any other kind of URL, OSError when the folder cannot be made.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        return _folder(place)
    if scheme == "file":
        return _folder(rest)
    if scheme != "s3" or not rest.partition("/")[0]:
        raise ValueError(f"file storage must be a folder or s3://bucket/prefix, not {scheme}://")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    options: ClientConfig = {
        "timeout": TIMEOUT,
        "connect_timeout": timedelta(seconds=5),
        "allow_http": endpoint.startswith("http://"),
    }
    return S3Store.from_url(place, client_options=options, retry_config=RETRY)


def _folder(place: str) -> LocalStore:
    folder = Path(place).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(folder)


def key_of(company_id: int, file_id: int) -> str:
    """Under which key the content of a file is."""
    return f"{company_id}/{file_id}"


async def put(store: ObjectStore, key: str, content: bytes) -> bool:
    """Store content under a key that is free; returns once it is durable. False when the key is taken.

    Raises Unavailable.
    """
    try:
        made = await _create(store, key, content)
        if isinstance(store, LocalStore) and store.prefix is not None:
            # Also when it is taken: who wrote it may have died before this.
            await asyncio.to_thread(_flush, Path(store.prefix) / key)
    except (BaseError, OSError) as error:
        log.error("file store failed", key=key, error=type(error).__name__)
        raise Unavailable("the file store failed") from error
    return made


async def get(store: ObjectStore, key: str) -> bytes:
    """The content stored under a key. Raises Unavailable, also when there is none: rows promise it."""
    try:
        return bytes(await (await obstore.get_async(store, key)).bytes_async())
    except (BaseError, OSError) as error:
        log.error("file store failed", key=key, error=type(error).__name__)
        raise Unavailable("the file store failed") from error


async def remove(store: ObjectStore, key: str) -> None:
    """Remove what is stored under a key, if there is anything. Raises Unavailable."""
    try:
        await obstore.delete_async(store, key)
    except (NotFoundError, FileNotFoundError):
        return
    except (BaseError, OSError) as error:
        log.error("file store failed", key=key, error=type(error).__name__)
        raise Unavailable("the file store failed") from error


async def _create(store: ObjectStore, key: str, content: bytes) -> bool:
    try:
        await obstore.put_async(store, key, content, mode="create", use_multipart=False)
    except AlreadyExistsError:
        return False
    except NotSupportedError:  # S3-compatible storage without conditional writes
        await obstore.put_async(store, key, content, use_multipart=False)
    return True


def _flush(path: Path) -> None:
    # The database flushes its rows; a row must not outlive its content when the power fails.
    for place in (path, path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
