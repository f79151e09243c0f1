"""What would become of a call that is acted out: step by step, with the times, before anybody is told of it."""

import math
import re
from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Any, Final

import msgspec

from ringmain.core.calls import store
from ringmain.core.calls.model import LegOutcome, Outcome
from ringmain.core.calls.treatment import (
    ENDS,
    UNALLOCATED,
    Forward,
    Release,
    Ring,
    TakeMessage,
    Unanswered,
    arriving,
    may_forward,
    not_through,
)
from ringmain.core.errors import Invalid
from ringmain.core.extensions.standing import Reason, Standing, standing_of
from ringmain.core.groups.model import Group, OfferedUser
from ringmain.core.groups.offering import all_busy, next_offer
from ringmain.core.groups.service import Groups
from ringmain.core.instances.model import Instance
from ringmain.core.numbers.normalise import normalise
from ringmain.database.pool import Database

INTERNAL: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
"""What may be an extension's number."""
SHORTEST_OUTSIDE: Final = 7
"""Digits of a telephone number. A shorter one that is nobody's is not dialled outside."""

OUTCOMES: Final[dict[str, tuple[LegOutcome, Outcome, int]]] = {
    "answered": ("answered", "completed", 16),
    "busy": ("busy", "busy", 17),
    "no_answer": ("no_answer", "no_answer", 19),
    "cancelled": ("cancelled", "cancelled", 16),
    "failed": ("failed", "failed", 38),
}
"""What becomes of a leg, of the call, and its Q.850 release code."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How it shall go: `outcome` says what those do who are rung (a caller who hangs up, and a line that fails, too).

    `answered_by` answers all the same; without it, whoever is rung first does, if the outcome is an answer. `ring_s`:
    after how many seconds of ringing that is, or after how many of the call its caller hangs up. `country`: whose
    numbers are dialled without their country's code.
    """

    caller: str
    country: str

    outcome: str
    answered_by: str | None
    ring_s: float


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A group is about to ring these."""

    group: Group
    users: list[OfferedUser]


class Rings(msgspec.Struct, frozen=True, kw_only=True):
    """A leg begins to ring, so many seconds after the call came."""

    leg: int
    extension: int | None
    after: float


class RingingEnds(msgspec.Struct, frozen=True, kw_only=True):
    """It does not ring any more."""

    leg: int
    outcome: LegOutcome
    after: float


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `after`: seconds until it was answered, or given up.

    `mailbox`: the extension whose voicemail answers. `extensions`: all that the call was at, and `groups`. `pbx`: what
    the PBX tells beside.
    """

    steps: Sequence[Offered | Rings | RingingEnds]
    outcome: Outcome
    code: int
    after: float
    mailbox: int | None
    extensions: tuple[int, ...]
    groups: Sequence[Group]
    pbx: dict[str, Any]


class Rehearsal:
    """Of one call in one instance. `unregistered`: the extensions that have no phone, says the PBX."""

    def __init__(
        self, database: Database, groups: Groups, instance: Instance, unregistered: Set[int], plan: Plan
    ) -> None:
        self._database = database
        self._groups = groups
        self._instance = instance
        self._place = instance.company_id, instance.id
        self._unregistered = unregistered
        self._plan = plan
        self._steps: list[Offered | Rings | RingingEnds] = []
        self._legs = 0
        self._after = 0.0
        self._longest: int | None = None  # what the group that forwarded it lets others ring
        self._rung: set[int] = set()
        self._trail = [plan.caller]
        self._extensions: list[int] = []
        self._visited: list[Group] = []
        self._diversions: list[dict[str, str]] = []

    async def call(self, number: str) -> Script:
        """To an extension or a group."""
        step = await self._reach(number, None)
        while isinstance(step, Forward):
            self._diversions.append({"from": self._trail[-1], "to": step.to, "reason": step.reason})
            step = await self._reach(step.to, self._extensions[-1] if self._extensions else None)
        return await self._script(step)

    async def dial(self, number: str, extension: int | None) -> Script:
        """To a telephone number; from this extension, or else by a number of the company that leads nowhere."""
        return await self._script(self._outside(number, extension))

    async def _reach(self, number: str, by: int | None) -> Unanswered:
        """`by`: the extension that forwarded it."""
        self._trail.append(number)
        if INTERNAL.fullmatch(number):
            standing = await self._standing(int(number))
            if standing is not None:
                self._extensions.append(standing.number)
                return self._extension(standing)
            group = await self._groups.find(self._instance.company_id, int(number), instance_id=self._instance.id)
            if group is not None:
                self._visited.append(group)
                return await self._group(group)
            if len(number) < SHORTEST_OUTSIDE:
                return Release(outcome="failed", code=UNALLOCATED)
        with suppress(Invalid):  # a code such as *97 is dialled as it is
            number = normalise(number, self._plan.country)
        return self._outside(number, by)

    async def _standing(self, number: int) -> Standing | None:
        row = await self._database.fetchrow(store.STANDING, *self._place, number)
        return standing_of(row, self._unregistered) if row else None

    def _extension(self, standing: Standing) -> Unanswered:
        step = arriving(standing, self._trail)
        if not isinstance(step, Ring):
            return step
        outcome = self._ring([(str(standing.number), standing.number)], step.seconds)
        if outcome in ("busy", "no_answer"):
            return not_through(standing, "user-busy" if outcome == "busy" else "no-answer", self._trail)
        return _over(outcome)

    async def _group(self, group: Group) -> Unanswered:
        """Offer by offer, as its strategy has it (core/groups/offering.py); nobody is rung twice."""
        members = await self._groups.members(group, self._unregistered)
        states = {number: member.state for number, member in members.items()}
        offered = False
        while offer := next_offer(group, states, self._rung):
            offered = True
            self._steps.append(Offered(group=group, users=[members[number].user for number in offer]))
            outcome = self._ring([(str(number), number) for number in offer], group.ring_s)
            if outcome not in ("busy", "no_answer"):
                return _over(outcome)
        busy = self._plan.outcome == "busy" or (not offered and all_busy(group, states))
        reason: Reason = "user-busy" if busy else "no-answer"
        if group.otherwise == "voicemail":
            return TakeMessage(mailbox=int(group.otherwise_to), greeting="u", reason=reason)
        if group.otherwise == "forward" and may_forward(group.otherwise_to, self._trail):
            self._longest = group.ring_s
            return Forward(to=group.otherwise_to, reason=reason)
        return ENDS[reason]

    def _outside(self, number: str, extension: int | None) -> Release:
        """Its leg is that of whoever dials it."""
        return _over(self._ring([(number, extension)], None))

    def _ring(self, called: Sequence[tuple[str, int | None]], seconds: int | None) -> LegOutcome:
        """Ring them all, for so many seconds; returns what came of it."""
        plan, seconds = self._plan, self._longest if seconds is None else seconds
        longest = math.inf if seconds is None else seconds
        answers = self._answers([number for number, _ in called]) if plan.ring_s <= longest else None
        patience = max(0.0, plan.ring_s - self._after)
        waited, others = min(plan.ring_s, longest), OUTCOMES[plan.outcome][0]
        if answers is not None:
            others = "cancelled"
        elif plan.outcome == "cancelled" and patience <= longest:
            waited = patience
        elif plan.outcome in ("answered", "no_answer", "cancelled"):
            waited, others = plan.ring_s if seconds is None else seconds, "no_answer"
        legs = range(self._legs, self._legs + len(called))
        for leg, (_, extension) in zip(legs, called, strict=True):
            self._steps.append(Rings(leg=leg, extension=extension, after=self._after))
        self._after += waited
        for leg, (number, _) in zip(legs, called, strict=True):
            outcome: LegOutcome = "answered" if number == answers else others
            self._steps.append(RingingEnds(leg=leg, outcome=outcome, after=self._after))
        self._legs += len(called)
        self._rung |= {extension for _, extension in called if extension is not None}
        return others if answers is None else "answered"

    def _answers(self, called: Sequence[str]) -> str | None:
        """Who of those would, if they are rung for long enough."""
        plan = self._plan
        if plan.answered_by is not None:
            return plan.answered_by if plan.answered_by in called else None
        return called[0] if plan.outcome == "answered" else None

    async def _script(self, step: TakeMessage | Release) -> Script:
        pbx: dict[str, Any] = {"diversions": self._diversions} if self._diversions else {}
        mailbox = None
        if isinstance(step, TakeMessage):
            owner = await self._standing(step.mailbox)
            if owner is not None and owner.enabled and owner.voicemail:
                mailbox = owner.number
                pbx |= {"lastapp": "VoiceMail", "lastdata": f"{mailbox}@default,{step.greeting}"}
            step = ENDS[step.reason]
        return Script(
            steps=self._steps,
            outcome=step.outcome,
            code=step.code,
            after=self._after,
            mailbox=mailbox,
            extensions=tuple(dict.fromkeys(self._extensions)),
            groups=self._visited,
            pbx=pbx,
        )


def _over(outcome: LegOutcome) -> Release:
    _, of_call, code = OUTCOMES[outcome]
    return Release(outcome=of_call, code=code)
