"""The words that carriers require to be obeyed: STOP, START, HELP (CTIA messaging principles), and a trunk's own."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from ringmain.core.trunks.model import Reply

Keyword = Literal["stop", "start", "help"]

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
START = frozenset({"start", "unstop", "yes", "optin"})
HELP = frozenset({"help", "info"})


def keyword_of(text: str) -> Keyword | None:
    """What a text asks for when it is one of the words and nothing else, in any case, with or without punctuation."""
    word = text.strip().strip(".!?\"'").replace("-", "").replace(" ", "").casefold()
    if word in STOP:
        return "stop"
    if word in START:
        return "start"
    return "help" if word in HELP else None


def answer(keyword: Keyword, company: str) -> str:
    """The one automatic reply to a keyword; short enough for one segment with any usual company name."""
    name = company[:60]
    if keyword == "stop":
        return f"{name}: you are unsubscribed and will get no more messages. Reply START to resubscribe."
    if keyword == "start":
        return f"{name}: you are subscribed again. Reply HELP for help, STOP to unsubscribe."
    return f"{name}: reply STOP to get no more messages, START to get them again."


class Reaction(msgspec.Struct, frozen=True):
    """What a text that came in makes us do. `keyword`: what is obeyed, and answered once; None: it is answered only."""

    keyword: Keyword | None
    text: str


def reaction(text: str, company: str, opt_out: Reply | None, replies: Sequence[Reply]) -> Reaction | None:
    """What this text makes a number do that has these keywords of its own; None for a text to people.

    STOP, START and HELP cannot be given another meaning, only other answers.
    """
    word = text.strip().casefold()
    keyword = keyword_of(text)
    if keyword is None and opt_out is not None and word and word == opt_out.keyword.strip().casefold():
        keyword = "stop"
    if keyword == "stop" and opt_out is not None and opt_out.text.strip():
        return Reaction(keyword, opt_out.text)
    for reply in replies:
        if word == reply.keyword.strip().casefold():
            return Reaction(keyword, reply.text)
    return Reaction(keyword, answer(keyword, company)) if keyword else None
