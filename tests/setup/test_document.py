import pytest

from ringmain.commands.apply import demo_document
from ringmain.setup.document import Document, SetupError

COMPANY = """\
[[companies]]
key = "acme"
name = "Acme"
"""


def refusal(text: str) -> str:
    with pytest.raises(SetupError) as refused:
        Document("my.toml", text)
    return str(refused.value)


def test_the_built_in_demo_is_sound() -> None:
    content = demo_document().content
    assert [len(content.companies[0].people), len(content.companies[0].numbers)] == [3, 2]


@pytest.mark.parametrize(
    ("more", "line", "key", "reason"),
    [
        ("\ncolour = 1", 5, "companies[0].colour", "there is no such key"),
        ("[[companies.people]]\n\nemail = 5", 6, "companies[0].people[0].email", "Expected `str`, got `int`"),
        ("[[companies.people]]\nfirst_name = 'x'", 4, "companies[0].people[0]", "missing required key `email`"),
        ("[[companies.people]]\nemail = 'x'", 5, "companies[0].people[0].email", "not an e-mail"),
        (
            "[[companies.people]]\nemail = 'a@b.c'\n[[companies.people]]\nemail = 'A@b.c'",
            7,
            "companies[0].people[1].email",
            "second time",
        ),
        (
            "people = [{email = 'a@b.c', owner = true},\n{email = 'd@b.c', owner = true}]",
            4,
            "companies[0].people[1].owner",
            "one owner",
        ),
        ("timezone = 'Mars'", 4, "companies[0].timezone", "not a time zone"),
        ("[[companies.numbers]]\nnumber = '911'", 5, "companies[0].numbers[0].number", "number"),
        (
            "[[companies.numbers]]\nnumber = '2025550143'\n[[companies.numbers]]\nnumber = '+1 202 555 0143'",
            7,
            "companies[0].numbers[1].number",
            "second time",
        ),
        (
            "[[companies.api_keys]]\ndialect = 'other'\nname = 'x'",
            5,
            "companies[0].api_keys[0].dialect",
            "Invalid enum",
        ),
        (
            "[[companies.api_keys]]\ndialect = 'ringrx'\nname = 'x'\nsecret = 'short'",
            7,
            "companies[0].api_keys[0].secret",
            "length >= 24",
        ),
        (
            "[[companies.webhooks]]\nface = 'ringplan'\nurl = 'http://a/'\nevents = ['message.created']",
            7,
            "companies[0].webhooks[0].events[0]",
            "none of",
        ),
        ("[[companies.contacts]]\nnumber = 'x101'", 5, "companies[0].contacts[0].number", "number"),
        ("[[companies]]\nkey = 'acme'\nname = 'Other'", 5, "companies[1].key", "second time"),
        ("[[carriers]]\nname = 'x'\nkind = 'pigeon'", 6, "carriers[0].kind", "Invalid enum"),
        ("[[carrier_routes]]\nprefix = '44'\ncarrier = 'x'", 5, "carrier_routes[0].prefix", "regex"),
    ],
)
def test_errors_name_file_line_and_key(more: str, line: int, key: str, reason: str) -> None:
    message = refusal(COMPANY + more)
    assert message.startswith(f"my.toml, line {line}, {key}: ")
    assert reason in message


def test_errors_never_show_a_secret() -> None:
    secret = "hunter2hunter2"
    more = f"[[companies.api_keys]]\ndialect = 'ringrx'\nname = 'x'\nsecret = '{secret}'"
    assert secret not in refusal(COMPANY + more)


def test_what_is_no_toml() -> None:
    assert refusal("a = \n") == "my.toml: Invalid value (at line 1, column 5)"
    assert "line 2" in refusal("a = 1\na = 2\n")


def test_an_empty_file_is_nothing_to_do() -> None:
    assert Document("my.toml", "").content.companies == []
