"""Texts with variables: what they may say, and that nothing in them can harm or hang the server."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.core.errors import Invalid
from ringmain.core.outreach import model, templates
from ringmain.core.outreach.model import ProfileSettings, Reminder
from ringmain.core.outreach.words import answer_of, pressed

LINKS: dict[model.Answer, str] = {"confirm": "https://x.example/c", "cancel": "https://x.example/n"}


def reminder(**fields: object) -> Reminder:
    moment = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
    given: dict[str, object] = {
        **dict.fromkeys(("sms", "voice", "email"), True),
        **dict.fromkeys(("confirmed", "cancelled"), False),
        **dict.fromkeys(("sms_state", "call_state", "email_state"), "pending"),
        **dict.fromkeys(("reminder_date", "created_at", "updated_at"), moment),
        **dict.fromkeys(("id", "company_id", "profile_id", "attempt"), 1),
        "name": "Jane Doe",
        "phone_number": "+13105550177",
        "email_address": "jane@example.com",
        "reference": "",
        "state": "scheduled",
        "next_at": None,
        "event_log": [],
    }
    return Reminder(**(given | fields))  # type: ignore[arg-type]


def test_the_variables_are_as_documented() -> None:
    settings = ProfileSettings(timezone="America/New_York", confirm_words=["OK", "YES"], cancel_key="*")
    values = templates.values_of(reminder(), settings, "Acme", "UTC", LINKS)
    assert values.keys() == templates.VARIABLES.keys()
    assert values == {
        "name": "Jane Doe",
        "company": "Acme",
        "date": "Monday, March 2, 2026",
        "time": "2:30 PM",
        "date_iso": "2026-03-02",
        "time_24": "14:30",
        "reference": "",
        "phone_number": "+13105550177",
        "confirm_word": "OK",
        "cancel_word": "NO",
        "confirm_key": "1",
        "cancel_key": "*",
        "confirm_link": "https://x.example/c",
        "cancel_link": "https://x.example/n",
    }
    at_company = templates.values_of(reminder(), ProfileSettings(), "Acme", "Asia/Tokyo", LINKS)
    assert (at_company["date"], at_company["time"]) == ("Tuesday, March 3, 2026", "4:30 AM")


def test_the_defaults_can_be_said() -> None:
    values = templates.values_of(reminder(), ProfileSettings(), "Acme", "UTC", LINKS)
    for text in (model.SMS_TEMPLATE, model.VOICE_TEMPLATE, model.EMAIL_SUBJECT, model.EMAIL_TEMPLATE):
        templates.check("text", text)
        assert "{" not in templates.fill(text, values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ name|upper }}", "JANE DOE"),
        ("{% if reference %}for {{ reference }}{% else %}for you{% endif %}", "for you"),
        ("{{ 'Dr.' if company == 'Acme' else '' }}", "Dr."),
        ("{# a remark #}Hi", "Hi"),
        ("{{ '{{' }}\n", "{{\n"),
        ("Grüße 🎉 {{ name|trim|lower }}", "Grüße 🎉 jane doe"),
    ],
)
def test_what_templates_may_say(text: str, said: str) -> None:
    templates.check("text", text)
    values = templates.values_of(reminder(), ProfileSettings(), "Acme", "UTC", LINKS)
    assert templates.fill(text, values) == said


@pytest.mark.parametrize(
    "text",
    [
        "{{ nobody }}",
        "{{ name",
        "{% if name %}",
        "{{ name.upper() }}",
        "{{ name.__class__ }}",
        "{{ name['x'] }}",
        "{{ name[0] }}",
        "{{ ''.join(name) }}",
        "{{ range(9) }}",
        "{{ lipsum() }}",
        "{{ cycler }}",
        "{{ self }}",
        "{{ name|attr('__class__') }}",
        "{{ name|center(999999999) }}",
        "{{ name|replace('', 'xxxx') }}",
        "{{ name|upper(1) }}",
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%0999999999d' % 1 }}",
        "{{ name ~ name }}",
        "{{ name + name }}",
        "{{ -name }}",
        "{{ [name] }}",
        "{{ {name: 1} }}",
        "{{ name is defined }}",
        "{% for one in name %}{{ one }}{% endfor %}",
        "{% set name = 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with %}{% endwith %}",
        "{{ " + "(" * 900 + "name" + ")" * 900 + " }}",
        "{{ " + "not " * 400 + "name }}",
        "x" * 2001,
    ],
)
def test_what_templates_may_not_say(text: str) -> None:
    try:
        templates.check("sms_template", text)
    except Invalid as refused:
        assert refused.field == "sms_template"  # noqa: PT017
    else:
        # Deep, but harmless.
        assert text.startswith(("{{ (((", "{{ not not"))
        values = templates.values_of(reminder(), ProfileSettings(), "Acme", "UTC", LINKS)
        assert len(templates.fill(text, values)) < 100


pieces = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        " name ",
        " if ",
        " endif ",
        "|upper",
        "|x",
        "(",
        ")",
        ".a",
        "[",
        "]",
        "'",
        '"',
        "for x in ",
    ]
)


@given(st.lists(st.one_of(pieces, st.text(max_size=3)), max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_can_be_said(text: str) -> None:
    try:
        templates.check("text", text)
    except Invalid:
        return
    assert isinstance(templates.fill(text, templates.SAMPLE), str)


def test_values_are_no_templates() -> None:
    values = templates.values_of(reminder(name="{{ company }}"), ProfileSettings(), "Acme", "UTC", LINKS)
    assert templates.fill("{{ name }}", values) == "{{ company }}"


def test_a_subject_is_one_line() -> None:
    assert templates.one_line(" a\r\nBcc: b\u2028c ") == "a Bcc: b c"
    assert len(templates.one_line("x" * 1000)) == 400


@given(st.text(max_size=60))
def test_only_words_answer(text: str) -> None:
    found = answer_of(text, ProfileSettings())
    bare = text.strip().rstrip(".!").strip().casefold()
    assert found == ("confirm" if bare in {"yes", "c", "1"} else "cancel" if bare in {"no", "x", "2"} else None) or (
        len(text) > 40
    )


@pytest.mark.parametrize(
    ("digits", "answer"),
    [("1", "confirm"), ("2", "cancel"), ("91", "confirm"), ("21", "cancel"), ("", None), ("9", None)],
)
def test_keys(digits: str, answer: str | None) -> None:
    assert pressed(digits, ProfileSettings()) == answer
