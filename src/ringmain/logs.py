"""Logging: one structlog configuration for our own lines and for those of libraries.

Lines go to standard error, as JSON objects or as text. Message bodies are never logged; what looks like a secret
or like a row of a table in a value is taken out here, in case a library's error text holds one.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

# asyncpg's errors carry the rows they are about, and rows hold what people wrote to each other.
ROWS: Final = re.compile(r"\s*(DETAIL|CONTEXT):.*", re.DOTALL)
SECRETS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w\-.~+/]+=*"), r"\1 ***"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),  # JWT
    (re.compile(r"whsec_[\w+/=-]+"), "***"),
    (re.compile(r"(?<=://)[^/@\s]+@"), "***@"),  # user and password in a URL
    (re.compile(r"(?i)(?<=[?&])((?:access_)?token|secret|password|signature)=[^&\s]*"), r"\1=***"),
)
SECRET_NAMES: Final = re.compile(r"(?i)authorization|password|secret|api_key|(^|_)token$|cookie|dsn|database_url")
MASK: Final = "***"


def configure(level: Literal["debug", "info", "warning", "error"], style: Literal["auto", "json", "console"]) -> None:
    """Set logging up for this process; may be called again."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries' info lines say what ours say already.
    root.setLevel(max(number, logging.WARNING))


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: takes secrets and rows out of a line."""
    for name, value in line.items():
        if SECRET_NAMES.search(name):
            line[name] = MASK
        elif isinstance(value, str):
            line[name] = _clean(value)
        elif isinstance(value, BaseException):
            line[name] = _clean(repr(value))
    return line


def _clean(text: str) -> str:
    if "DETAIL:" in text or "CONTEXT:" in text:
        # Where a row ends cannot be told: it may hold blank lines. So all that follows goes.
        text = ROWS.sub("", text)
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text
