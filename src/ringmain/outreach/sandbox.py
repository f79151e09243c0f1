"""The sandbox caller: nobody is called. Magic numbers act out what may come of a call; others answer and do nothing."""

import asyncio
from typing import Final

from ringmain.core.outreach.caller import Call, CallOutcome

ANSWERS: Final = "+15005550031"
BUSY: Final = "+15005550032"
NO_ANSWER: Final = "+15005550033"
MACHINE: Final = "+15005550034"
PRESSES_FIRST: Final = "+15005550035"
PRESSES_SECOND: Final = "+15005550036"
FAILS: Final = "+15005550037"
HANGS: Final = "+15005550038"
PRESSES_WRONG: Final = "+15005550039"

CAPACITY: Final = 8
MEANING: Final = {
    ANSWERS: "a person answers, listens and presses nothing",
    BUSY: "busy",
    NO_ANSWER: "nobody answers",
    MACHINE: "an answering machine",
    PRESSES_FIRST: "a person answers and presses 1",
    PRESSES_SECOND: "a person answers and presses 2",
    FAILS: "the call cannot be made",
    HANGS: "rings for an hour",
    PRESSES_WRONG: "a person answers and presses 9",
}
OUTCOMES: Final = {
    ANSWERS: CallOutcome(result="answered"),
    BUSY: CallOutcome(result="busy"),
    NO_ANSWER: CallOutcome(result="no_answer"),
    MACHINE: CallOutcome(result="machine"),
    PRESSES_FIRST: CallOutcome(result="answered", digits="1"),
    PRESSES_SECOND: CallOutcome(result="answered", digits="2"),
    FAILS: CallOutcome(result="failed", text="the number cannot be called"),
    PRESSES_WRONG: CallOutcome(result="answered", digits="9"),
}


class SandboxCaller:
    """Call port (core/outreach/caller.py) that needs no outside world."""

    name = "sandbox"

    def capacity(self) -> int:
        """A few at once, like the lines of an office."""
        return CAPACITY

    async def place(self, call: Call) -> CallOutcome:
        """Act as the number says."""
        if call.number == HANGS:
            await asyncio.sleep(3600)
        return OUTCOMES.get(call.number, OUTCOMES[ANSWERS])
