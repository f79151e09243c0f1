"""What texts make a number do by itself."""

import pytest

from ringmain.core.texting.keywords import Reaction, reaction
from ringmain.core.trunks.model import Reply

OPT_OUT = Reply(keyword=" Basta ", text="Ciao.")
REPLIES = [
    Reply(keyword="Hours", text="9 to 5"),
    Reply(keyword="help", text="Call us."),
    Reply(keyword="end", text="?"),
]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("basta", Reaction("stop", "Ciao.")),
        ("STOP", Reaction("stop", "Ciao.")),
        ("End", Reaction("stop", "Ciao.")),
        (" HOURS\n", Reaction(None, "9 to 5")),
        ("Help", Reaction("help", "Call us.")),
        ("Basta!", None),
        ("hours?", None),
        ("", None),
    ],
)
def test_keywords_of_a_trunk(text: str, wanted: Reaction | None) -> None:
    assert reaction(text, "Acme", OPT_OUT, REPLIES) == wanted


def test_without_keywords_of_its_own() -> None:
    for word in ("stop", "start", "help"):
        found = reaction(word, "Acme", None, [])
        assert found and found.keyword == word and found.text.startswith("Acme: ")
    for opt_out in (None, Reply(keyword="", text=""), Reply(keyword=" ", text="x")):
        assert reaction("", "Acme", opt_out, []) is None
        assert reaction("Hello", "Acme", opt_out, []) is None
    silent = reaction("stop", "Acme", Reply(keyword="basta", text=" "), [])
    assert silent and silent.text.startswith("Acme: ")
    # Neither START nor HELP can be made to mean something else.
    assert reaction("start", "Acme", Reply(keyword="START", text="x"), []) == reaction("start", "Acme", None, [])
