"""Writes COMPATIBILITY.md: every operation that the vendors document, whether it is served here, which tests name it.

The operations are data, docs/operations/*.toml. What is served comes from the dialects' own tables of endpoints. A test
names an operation by its row, `test_row_26_...`, a callback as `test_sms_callback_...`; one without a row by calling
its method and path, or saying its name.

`python -m docs.compatibility` writes the file, `--check` fails when it is not what would be written.
"""

import ast
import inspect
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec
from obstore.store import MemoryStore

from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.delivery.download import Downloader
from ringmain.delivery.egress import EgressGuard
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringotel import app as ringotel
from ringmain.dialects.ringplan import app as ringplan
from ringmain.dialects.ringplan import events as ringplan_events
from ringmain.dialects.ringplan import realtime as ringplan_realtime
from ringmain.dialects.ringrx import app as ringrx
from ringmain.dialects.ringrx import bindings as ringrx_bindings

ROOT: Final = Path(__file__).parent.parent
TARGET: Final = ROOT / "COMPATIBILITY.md"
PUBLIC_URL: Final = "https://phone.example.com"
DIALECTS: Final = ("ringplan", "ringrx", "ringotel", "ringcentral")
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})

HEAD: Final = """\
# Compatibility

Written by `docs/compatibility.py` from [docs/operations](docs/operations), the dialects' tables of endpoints and the
tests; `script/check` fails when it is out of date. "Row" is the number of an operation in our reading of the vendor's
reference. Where we serve an operation otherwise than the reference says, [KNOWN_DIFFERENCES.md](KNOWN_DIFFERENCES.md)
says how. What holds on every route (credentials, foreign ids, broken bodies, methods, cross-origin calls) is tested
over the whole table of endpoints in `tests/dialects/*/test_*_everywhere.py`.
"""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor offers: a method and path, or a word of some `kind` (an RPC method, an event, a callback)."""

    group: str
    name: str
    row: str = ""
    method: str = ""
    path: str = ""
    kind: str = ""

    @property
    def key(self) -> str:
        """What it is found by: `GET /texting/contacts/{}`, or its name."""
        return f"{self.method} {blanked(self.path)}" if self.method else self.name

    @property
    def marker(self) -> str:
        """What a test names it by."""
        if self.kind == "callback":
            return f"{self.name} callback"
        return f"row {self.row}" if self.row else self.key

    @property
    def spelling(self) -> str:
        """As a reader looks for it."""
        return f"{self.method} {self.path}" if self.method else f"{self.name} ({self.kind})"


class Vendor(msgspec.Struct, frozen=True):
    """One file of docs/operations."""

    dialect: str
    operations: list[Operation]


def blanked(path: str) -> str:
    """A path without query and final slash, its variable parts empty."""
    return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0].rstrip("/"))


def strings_of(module: ModuleType) -> Iterator[str]:
    """Every string that the module's source says."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def ringplan_served() -> dict[str, str]:
    """Keys of what the RingPlan dialect answers and says, each with its spelling there."""
    words = {*strings_of(ringplan_events), *strings_of(ringplan_realtime)}
    return routes_of(ringplan.endpoints(idle_core(), PUBLIC_URL)) | dict.fromkeys(words, "")


def ringrx_served() -> dict[str, str]:
    """Keys of what the RingRx dialect answers, each with its spelling there, and the kinds of its callbacks."""
    return routes_of(ringrx.endpoints(idle_core(), PUBLIC_URL)) | dict.fromkeys(ringrx_bindings.KINDS, "")


def ringotel_served() -> dict[str, str]:
    """Names of the methods that the Ringotel dialect answers, and its other addresses."""
    names = dict.fromkeys(
        (one.name for one in ringotel.methods(idle_core(), PUBLIC_URL, Downloader(EgressGuard()))), ""
    )
    return names | routes_of(ringotel.endpoints(idle_core()))


def idle_core() -> Core:
    """A core that connects when first used, that is never."""
    database = Database("postgresql://nowhere")
    return Core(database, Wakeups(database), MemoryStore())


def routes_of(endpoints: Iterable[Endpoint]) -> dict[str, str]:
    """Each route's key, with its spelling."""
    return {f"{one.method} {blanked(one.path)}": f"{one.method} {one.path}" for one in endpoints}


SERVED: Final[dict[str, Callable[[], dict[str, str]]]] = {
    "ringplan": ringplan_served,
    "ringrx": ringrx_served,
    "ringotel": ringotel_served,
}
"""How to ask a dialect what it serves. One with an app.py must be here."""


def tests_of(dialect: str) -> dict[str, set[str]]:
    """For each marker that a test names: the files of those tests."""
    named: dict[str, set[str]] = {}
    for file in sorted((ROOT / "tests" / "dialects" / dialect).glob("test_*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_"):
                rows = [f"row {number}" for number in re.findall(r"row_(\d+)", function.name)]
                callbacks = [f"{name} callback" for name in re.findall(r"^test_(\w+?)_callback", function.name)]
                for name in {*rows, *callbacks, *said(function)}:
                    named.setdefault(name, set()).add(file.relative_to(ROOT).as_posix())
    return named


def said(function: ast.AST) -> Iterator[str]:
    """The words of a test, and `METHOD /path` of each call that has these two next to each other."""
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Call):
            for first, second in zip(node.args, node.args[1:], strict=False):
                method, path = text_of(first), text_of(second)
                if method in METHODS and path.startswith("/"):
                    yield f"{method} {blanked(path)}"


def text_of(node: ast.expr) -> str:
    """A string literal, `{}` standing for what an f-string fills in; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return ""


def full_table(vendor: Vendor, served: dict[str, str], tests: dict[str, set[str]]) -> Iterator[str]:
    """A line for each operation, then what is served beyond them."""
    yield "| Row | Group | Operation | Call | State | Tested by |"
    yield "|---|---|---|---|---|---|"
    for one in vendor.operations:
        name = one.name if one.method else ""
        state = "served" if one.key in served else "not yet"
        found = sorted(tests.get(one.marker, ())) if one.key in served else []
        links = ", ".join(f"[{Path(file).name}]({file})" for file in found)
        tested = links or ("no test names it" if one.key in served else "")
        yield f"| {one.row} | {one.group} | {name} | `{one.spelling}` | {state} | {tested} |"
    listed = {one.key for one in vendor.operations}
    beyond = [spelling for key, spelling in served.items() if spelling and key not in listed]
    if beyond:
        yield ""
        yield f"Served beyond these: {', '.join(f'`{one}`' for one in beyond)}."


def group_table(vendor: Vendor) -> Iterator[str]:
    """A line for each group of a dialect that has not begun."""
    yield "Nothing of it is served yet."
    yield ""
    yield "| Group | Operations | State |"
    yield "|---|---|---|"
    for group, count in Counter(one.group for one in vendor.operations).items():
        yield f"| {group} | {count} | not yet |"


def document() -> str:
    """The whole of COMPATIBILITY.md. Raises KeyError for a dialect that is served but not asked here."""
    overview = ["| Dialect | Operations | Served | Of these named by a test |", "|---|---|---|---|"]
    sections: list[str] = []
    for dialect in DIALECTS:
        source = f"docs/operations/{dialect}.toml"
        vendor = msgspec.convert(tomllib.loads((ROOT / source).read_text(encoding="utf-8")), Vendor)
        begun = (ROOT / "src" / "ringmain" / "dialects" / dialect / "app.py").exists()
        served = SERVED[dialect]() if begun else {}
        tests = tests_of(dialect)
        there = [one for one in vendor.operations if one.key in served]
        tested = [one for one in there if tests.get(one.marker)]
        total = len(vendor.operations)
        overview.append(f"| {vendor.dialect} | [{total}]({source}) | {len(there)} | {len(tested)} |")
        rows = full_table(vendor, served, tests) if begun else group_table(vendor)
        sections.append("\n".join(["", f"## {vendor.dialect}", "", *rows]))
    return "\n".join([HEAD, *overview, *sections, ""])


def main() -> int:
    """Write, or compare; returns the exit code."""
    wanted = document()
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(wanted, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write("COMPATIBILITY.md is out of date: run `.venv/bin/python -m docs.compatibility`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
