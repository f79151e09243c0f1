"""Acting out a call to a group: offer by offer, as the group's strategy has it (core/groups/offering.py)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ringmain.core.calls.model import LegEnd, LegOutcome, NewLeg, Outcome
from ringmain.core.calls.service import Calls
from ringmain.core.groups.model import Group
from ringmain.core.groups.offering import all_busy, next_offer
from ringmain.core.groups.service import Groups

BUSY: Final = 17
NO_ANSWER: Final = 19
"""Release codes, Q.850."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How it shall go: `outcome` as PlannedCall's, `answered_by` an extension or None for who is rung first.

    `ring_s`: after how many seconds of ringing somebody answers, or the caller hangs up.
    """

    origin: str
    outcome: str
    answered_by: int | None
    ring_s: float


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `at`: when it was answered or given up; `pbx`: what the PBX tells beside."""

    outcome: Outcome
    release_code: int
    at: datetime
    pbx: dict[str, Any]


class SandboxGroups:
    """Tells of every offer, and of every leg of it, at once."""

    def __init__(self, calls: Calls, groups: Groups) -> None:
        self._calls = calls
        self._groups = groups

    async def ring(self, group: Group, first: NewLeg, plan: Plan, results: tuple[LegOutcome, Outcome, int]) -> Acted:
        """Offer the call until somebody answers, the caller hangs up or nobody is left.

        `first`: the call, its leg's reference being what those of all legs begin with. `results`: what the planned
        outcome is of a leg, of the call and as a release code. Raises what `Calls` raises.
        """
        at = first.ringing_at
        offered: set[int] = set()
        while True:
            members = await self._groups.members(group)
            states = {number: member.state for number, member in members.items()}
            offer = next_offer(group, states, offered)
            if not offer:
                break
            users = [members[number].user for number in offer]
            await self._calls.offered(group, first, users, origin=plan.origin)
            ends = await self._offer(group, first, plan, results[0], offer, at)
            offered.update(offer)
            if plan.outcome in ("cancelled", "failed") or "answered" in ends:
                at += timedelta(seconds=plan.ring_s)
                return Acted(outcome=results[1], release_code=results[2], at=at, pbx={})
            at += timedelta(seconds=group.ring_s)
        return await self._unanswered(group, first, plan, offered, all_busy(group, states), at)

    async def length(self, group: Group, plan: Plan) -> float:
        """Seconds that `ring` would say it rings, if it did so now."""
        states = {number: member.state for number, member in (await self._groups.members(group)).items()}
        offered: set[int] = set()
        seconds = 0.0
        while offer := next_offer(group, states, offered):
            answers = plan.outcome == "answered" and (plan.answered_by or offer[0]) in offer
            if answers or plan.outcome in ("cancelled", "failed"):
                return seconds + plan.ring_s
            seconds += group.ring_s
            offered.update(offer)
        return seconds + (group.ring_s if group.otherwise == "forward" else 0)

    async def _offer(
        self, group: Group, first: NewLeg, plan: Plan, result: LegOutcome, offer: Sequence[int], at: datetime
    ) -> list[LegOutcome]:
        """Ring them all; returns what came of their legs."""
        answers = plan.outcome == "answered" and (plan.answered_by or offer[0]) in offer
        waited = plan.ring_s if answers or plan.outcome in ("cancelled", "failed") else group.ring_s
        ends: list[LegOutcome] = []
        for number in offer:
            leg = msgspec.structs.replace(first, leg=f"{first.leg}{number}", extension_number=number, ringing_at=at)
            await self._calls.ringing(group.company_id, group.instance_id, leg, origin=plan.origin)
        for number in offer:
            if plan.outcome == "answered":
                mine = number == (plan.answered_by or offer[0])
                outcome: LegOutcome = "answered" if mine else "cancelled" if answers else "no_answer"
            else:
                outcome = result
            end = LegEnd(
                call=first.call, leg=f"{first.leg}{number}", outcome=outcome, at=at + timedelta(seconds=waited)
            )
            await self._calls.dial_ended(group.company_id, group.instance_id, end, origin=plan.origin)
            ends.append(outcome)
        return ends

    async def _unanswered(
        self, group: Group, first: NewLeg, plan: Plan, offered: set[int], busy: bool, at: datetime
    ) -> Acted:
        """Everybody was rung, or could not be: what the group does otherwise."""
        pbx: dict[str, Any] = {}
        busy = plan.outcome == "busy" or (busy and not offered)
        if group.otherwise == "voicemail":
            pbx = {"lastapp": "VoiceMail", "lastdata": f"{group.otherwise_to}@default,u"}
        if group.otherwise == "forward" or not offered:
            number = group.otherwise_to if group.otherwise == "forward" else ""
            leg = msgspec.structs.replace(
                first,
                leg=f"{first.leg}otherwise",
                extension_number=int(number) if number.isdecimal() and len(number) <= 9 else None,
                ringing_at=at,
            )
            await self._calls.ringing(group.company_id, group.instance_id, leg, origin=plan.origin)
            at += timedelta(seconds=group.ring_s if number else 0)
            missed: LegOutcome = "busy" if busy else "no_answer"
            over = LegEnd(call=first.call, leg=leg.leg, outcome=missed, at=at)
            await self._calls.dial_ended(group.company_id, group.instance_id, over, origin=plan.origin)
        if busy:
            return Acted(outcome="busy", release_code=BUSY, at=at, pbx=pbx)
        return Acted(outcome="no_answer", release_code=NO_ANSWER, at=at, pbx=pbx)
