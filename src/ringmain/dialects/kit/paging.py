"""Numbered pages."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request

from ringmain.dialects.kit import query
from ringmain.dialects.kit.errors import BadRequest


class Paging(msgspec.Struct, frozen=True):
    """Which page, counted from 1, and how many items a page has."""

    page: int
    per_page: int

    def pages(self, total: int) -> int:
        """How many pages `total` items fill."""
        return -(-total // self.per_page)


def paging(
    request: Request,
    *,
    size_names: Sequence[str],
    default: int,
    largest: int,
    strict: bool,
) -> Paging:
    """Read `page` and the page size, which goes by any of `size_names`; a size over `largest` means `largest`.

    What is no positive number is BadRequest when `strict`, otherwise it means the default.
    """

    def number(name: str, otherwise: int) -> int:
        value = request.query_params.get(name)
        if value is None or value == "":
            return otherwise
        try:
            return query.positive(value, name)
        except BadRequest:
            if strict:
                raise
            return otherwise

    size_name = next((name for name in size_names if name in request.query_params), size_names[0])
    return Paging(number("page", 1), min(number(size_name, default), largest))
