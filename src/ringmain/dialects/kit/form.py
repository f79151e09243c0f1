"""Multipart forms with files in them."""

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ringmain.dialects.kit import body
from ringmain.dialects.kit.errors import BadRequest


class Upload(msgspec.Struct, frozen=True):
    """A file of a form: its content, and what the sender says that it is."""

    content: bytes
    name: str | None
    mimetype: str | None


def is_form(request: Request) -> bool:
    """Whether the body says that it is a multipart form."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read(request: Request, limit: int, *, max_files: int = 1) -> dict[str, str | Upload]:
    """The form's fields; of fields of one name the last. Raises BadRequest, BodyTooLarge over `limit` octets."""
    if not is_form(request):
        raise BadRequest("The body must be multipart/form-data")
    stream = body.stream(request, limit)
    try:
        form = await MultiPartParser(request.headers, stream, max_files=max_files, max_fields=20).parse()
    except (MultiPartException, ValueError, LookupError) as error:
        raise BadRequest("The body is not a valid multipart form") from error
    try:
        return {name: await _value(value) for name, value in form.multi_items()}
    finally:
        await form.close()


async def _value(value: str | UploadFile) -> str | Upload:
    if isinstance(value, UploadFile):
        return Upload(await value.read(), value.filename, value.content_type)
    if "\0" in value:
        raise BadRequest("The form has a NUL character in it")
    return value
