"""The call port: what calls people to remind them. Adapters place calls; they never see SQL."""

from typing import Literal, Protocol

import msgspec

Result = Literal["answered", "machine", "busy", "no_answer", "failed"]
"""`answered`: a person heard it. `machine`: it was left on an answering machine. `failed`: no call could be made."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call to make. `reference` is never used again: what became of it is not known if its process dies.

    `caller_id` and `number` are E.164; `caller_id` is one of the company's numbers. `text` is to be spoken, and again
    while nobody presses one of `keys`.
    """

    company_id: int
    reference: str
    caller_id: str
    number: str
    text: str
    keys: tuple[str, ...]


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a call, and which keys were pressed. `text`: why it failed."""

    result: Result
    digits: str = ""
    text: str = ""


class Caller(Protocol):
    """An adapter: the sandbox, a PBX."""

    name: str

    def capacity(self) -> int:
        """How many calls it can make at once; 0 while it can make none."""
        ...

    async def place(self, call: Call) -> CallOutcome:
        """Make one call; returns when it is over. Never raises for what a line may do. Cancelled, it hangs up."""
        ...
