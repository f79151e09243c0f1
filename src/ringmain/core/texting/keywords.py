"""The words that carriers require to be obeyed: STOP, START, HELP (CTIA messaging principles)."""

from typing import Literal

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
