"""Parameters of a request wherever a client puts them: query, JSON, form. The body wins over the query."""

from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ringmain.dialects.kit import body
from ringmain.dialects.kit.body import JSON_LIMIT
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.form import Upload, is_form

MAX_FIELDS: Final = 200
MAX_FILES: Final = 20


class Parameters(msgspec.Struct, frozen=True):
    """What was given, by name; `uploads` in the order of the form, each with its field's name."""

    values: dict[str, Any]
    uploads: list[tuple[str, Upload]] = []

    def text(self, name: str) -> str | None:
        """As text: numbers as JSON writes them, `true` and `false`; None when absent or null.

        Raises BadRequest for objects and lists.
        """
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            raise BadRequest(f"{name} must be text")
        return msgspec.json.encode(value).decode()

    def files(self, *names: str) -> list[Upload]:
        """The files of these fields, `names` with and without brackets behind them, in the order of the form."""
        wanted = {*names, *(f"{name}[]" for name in names)}
        return [upload for name, upload in self.uploads if name in wanted]


async def read(request: Request, limit: int = JSON_LIMIT) -> Parameters:
    """All parameters. Of several of one name the last counts. Raises BadRequest, BodyTooLarge over `limit` octets.

    An empty or blank body is no parameters, whatever its type, and so is the `null` that some clients make of it. What
    begins as a JSON object is read as one, and anything else as an urlencoded form unless it says that it is JSON.
    """
    values: dict[str, Any] = dict(request.query_params.multi_items())
    uploads: list[tuple[str, Upload]] = []
    if is_form(request):
        fields, uploads = await _multipart(request, limit)
        values |= fields
    else:
        values |= _decoded(await body.read(request, limit), request.headers.get("content-type", ""))
    try:
        if body.has_null(values):
            raise BadRequest("There is a NUL character in the parameters")
    except RecursionError as error:
        raise BadRequest("The body is nested too deeply") from error
    return Parameters(values, uploads)


def _decoded(content: bytes, mimetype: str) -> dict[str, Any]:
    content = content.strip()
    if not content:
        return {}
    if content.startswith(b"{") or "json" in mimetype.lower():
        try:
            decoded = msgspec.json.decode(content)
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not valid JSON") from error
        if decoded is None:
            return {}
        if not isinstance(decoded, dict):
            raise BadRequest("The body must be a JSON object")
        return decoded
    try:
        return dict(parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError as error:
        raise BadRequest("The body is neither a form nor JSON") from error


async def _multipart(request: Request, limit: int) -> tuple[dict[str, str], list[tuple[str, Upload]]]:
    content = await body.read(request, limit)
    if not content.strip():
        return {}, []

    async def whole() -> Any:
        yield content

    parser = MultiPartParser(request.headers, whole(), max_files=MAX_FILES, max_fields=MAX_FIELDS)
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, LookupError) as error:
        raise BadRequest("The body is not a valid multipart form") from error
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        uploads = [
            (name, Upload(await value.read(), value.filename, value.content_type))
            for name, value in form.multi_items()
            if isinstance(value, UploadFile)
        ]
    finally:
        await form.close()
    return fields, uploads
