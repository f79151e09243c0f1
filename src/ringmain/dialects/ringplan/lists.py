"""Lists: bare arrays, their paging in four headers."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ringmain.dialects.kit import answer
from ringmain.dialects.kit.paging import Paging, paging

SIZE_NAMES: Final = ("per_page", "page_size", "items_per_page")
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
