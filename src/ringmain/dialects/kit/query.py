"""Query parameters: text, numbers, lists. Unknown ones are ignored; what cannot be read is BadRequest."""

from starlette.requests import Request

from ringmain.dialects.kit.errors import BadRequest


def text(request: Request, name: str) -> str | None:
    """The first value of this parameter, or None. Raises BadRequest for a NUL character."""
    value = request.query_params.get(name)
    if value is not None and "\0" in value:
        raise BadRequest(f"{name} has a NUL character in it")
    return value


def values(request: Request, name: str) -> list[str]:
    """All values of a list: `a=1&a=2`, `a=1,2`, `a[]=1` and any mixture of them, in order, without empty ones."""
    given = request.query_params
    return [
        item.strip()
        for key in (name, f"{name}[]")
        for value in given.getlist(key)
        for item in value.split(",")
        if item.strip()
    ]


def positive(value: str, name: str) -> int:
    """A number from 1 to 2^31 - 1. Raises BadRequest for anything else."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 10 and 0 < int(value) < 2**31):
        raise BadRequest(f"{name} must be a positive whole number")
    return int(value)


def integer(request: Request, name: str) -> int | None:
    """A whole number of at most 18 digits, None when it is absent or empty. Raises BadRequest for anything else."""
    value = (text(request, name) or "").strip()
    if not value:
        return None
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise BadRequest(f"{name} must be a whole number")
    return int(value)
