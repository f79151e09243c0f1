"""Whose things a caller sees (specs/ringrx.md 1: a token has its owner's role)."""

from ringmain.core.credentials.model import Caller


def whose(caller: Caller) -> int | None:
    """The person whose mailboxes and calls are shown: managers see everybody's (None), others their own."""
    return None if caller.manages else caller.person_id
