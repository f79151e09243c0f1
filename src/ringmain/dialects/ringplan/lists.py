"""Lists: bare arrays, their paging in four headers."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.paging import Paging, paging

SIZE_NAMES: Final = ("per_page", "page_size", "items_per_page")
Column = TypeVar("Column", bound=str)
PAGING_HEADERS: Final = (
    "X-Pagination-Total-Count",
    "X-Pagination-Page-Count",
    "X-Pagination-Current-Page",
    "X-Pagination-Per-Page",
)


def page_of(request: Request, *, strict: bool = False) -> Paging:
    """Which page is asked for: 20 items unless said, 100 at most, its size under any of the vendor's three names.

    Raises BadRequest for a bad number when `strict`, that is where the reference lists a 400.
    """
    return paging(request, size_names=SIZE_NAMES, default=20, largest=100, strict=strict)


def order_of(request: Request, columns: Mapping[str, Column]) -> list[tuple[Column, bool]]:
    """The columns to sort by, each with whether it is descending: `sort` has fields or -fields, repeated or joined by
    commas (specs/ringplan.md 6, row 16); `columns` says which fields there are, and the core's name of each.

    Raises BadRequest for an unknown field.
    """
    order: dict[Column, bool] = {}
    for given in query.values(request, "sort"):
        field = given.removeprefix("-")
        if field not in columns:
            raise BadRequest(f"sort must be of {', '.join(columns)}")
        order.setdefault(columns[field], given.startswith("-"))
    return list(order.items())


def page(items: Sequence[object], page: Paging, total: int) -> Response:
    """One page of a longer list."""
    return answer.json(items, 200, _headers(page, total))


def whole(request: Request, items: Sequence[object]) -> Response:
    """A list that the reference does not page: all of it, unless the client asks for a page all the same."""
    if not any(name in request.query_params for name in ("page", *SIZE_NAMES)):
        return answer.json(items, 200, _headers(Paging(1, max(len(items), 1)), len(items)))
    wanted = page_of(request)
    start = (wanted.page - 1) * wanted.per_page
    return page(items[start : start + wanted.per_page], wanted, len(items))


def _headers(page: Paging, total: int) -> dict[str, str]:
    values = (total, page.pages(total), page.page, page.per_page)
    return {name: str(value) for name, value in zip(PAGING_HEADERS, values, strict=True)}
