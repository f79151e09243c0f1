"""What is said: texts with variables, as `{{ name }}` and `{% if reference %}` (docs/outreach.md).

Companies write them, so Jinja's sandbox is narrowed further: no loops, calls, attributes or arithmetic. No template can
take long or grow large.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ringmain.core.errors import Invalid
from ringmain.core.mail.model import MAX_SUBJECT
from ringmain.core.outreach.model import MAX_TEMPLATE, Answer, ProfileSettings, Reminder

VARIABLES: Final[Mapping[str, str]] = {
    "name": "who is reminded",
    "company": "the company's name",
    "date": "the day of the appointment, as in Monday, March 2, 2026",
    "time": "its time, as in 2:30 PM",
    "date_iso": "the day as in 2026-03-02",
    "time_24": "the time as in 14:30",
    "reference": "the company's own word for the appointment, or nothing",
    "phone_number": "whom it goes to, E.164, or nothing",
    "confirm_word": "the first word that confirms a text",
    "cancel_word": "the first word that cancels it",
    "confirm_key": "the key that confirms a call",
    "cancel_key": "the key that cancels it",
    "confirm_link": "an address where it is confirmed",
    "cancel_link": "an address where it is cancelled",
}
FILTERS: Final = ("capitalize", "lower", "title", "trim", "upper")
ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Filter),
)
SAMPLE: Final = dict.fromkeys(VARIABLES, "x")

_environment: Final = ImmutableSandboxedEnvironment(
    autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0
)
_environment.filters = {name: _environment.filters[name] for name in FILTERS}
_environment.globals.clear()
_environment.tests.clear()


def check(field: str, text: str) -> None:
    """Raises Invalid for a template that cannot be, or has something in it that is none of `VARIABLES`."""
    if len(text) > MAX_TEMPLATE:
        raise Invalid(field, f"may have {MAX_TEMPLATE} characters")
    try:
        tree = _environment.parse(text)
        _check_nodes(field, tree)
        _compiled(text).render(SAMPLE)
    except TemplateError as error:
        raise Invalid(field, f"is no template: {error.message}") from error
    except RecursionError as error:
        raise Invalid(field, "is nested too deeply") from error


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables filled in. The template has been checked."""
    return _compiled(text).render(values)


def values_of(
    reminder: Reminder, settings: ProfileSettings, company: str, timezone: str, links: Mapping[Answer, str]
) -> dict[str, str]:
    """The variables of one reminder. `timezone`: the company's, where the profile has none."""
    when: datetime = reminder.reminder_date.astimezone(ZoneInfo(settings.timezone or timezone))
    return {
        "name": reminder.name,
        "company": company,
        "date": f"{when:%A, %B} {when.day}, {when.year}",
        "time": f"{when.hour % 12 or 12}:{when:%M} {when:%p}",
        "date_iso": f"{when:%Y-%m-%d}",
        "time_24": f"{when:%H:%M}",
        "reference": reminder.reference,
        "phone_number": reminder.phone_number,
        "confirm_word": settings.confirm_words[0],
        "cancel_word": settings.cancel_words[0],
        "confirm_key": settings.confirm_key,
        "cancel_key": settings.cancel_key,
        "confirm_link": links["confirm"],
        "cancel_link": links["cancel"],
    }


def one_line(text: str) -> str:
    """As a mail's subject may be."""
    return " ".join(text.split())[:MAX_SUBJECT]


def _check_nodes(field: str, tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            raise Invalid(field, f"may have variables, filters and conditions, no {type(node).__name__.lower()}")
        if isinstance(node, nodes.Name) and (node.name not in VARIABLES or node.ctx != "load"):
            raise Invalid(field, f"knows no {node.name}; there are {', '.join(VARIABLES)}")
        if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.args or node.kwargs):
            raise Invalid(field, f"knows no filter {node.name}; there are {', '.join(FILTERS)}")


@lru_cache(maxsize=512)
def _compiled(text: str) -> Template:
    return _environment.from_string(text)
