"""Whose things a caller sees (specs/ringrx.md 1: a token has its owner's role)."""

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Forbidden


def whose(caller: Caller) -> int | None:
    """The person whose mailboxes and calls are shown: managers see everybody's (None), others their own."""
    return None if caller.manages else caller.person_id


def check_manages(caller: Caller, things: str) -> None:
    """Raises Forbidden for who may not change what is the whole account's: `things`, in the refusal's words."""
    if not caller.manages:
        raise Forbidden(f"only the owner and admins may change {things}")
