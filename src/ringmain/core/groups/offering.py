"""Whom a group rings next. Pure: whatever PBX has the call asks before each offer, and rings at once."""

from collections.abc import Mapping, Set
from typing import Literal

from ringmain.core.extensions.standing import Standing
from ringmain.core.groups.model import Group

MemberState = Literal["free", "busy", "away"]
"""`busy`: is on the telephone; `away`: wants no calls, or has no phone that could ring."""


def member_state(standing: Standing) -> MemberState:
    """How a member stands. A group's calls follow nobody's forwarding: whoever sends all of theirs away is away."""
    if not standing.enabled or not standing.registered or standing.undisturbed or standing.forwarding.always:
        return "away"
    return "busy" if standing.on_call else "free"


def next_offer(group: Group, states: Mapping[int, MemberState], offered: Set[int]) -> list[int]:
    """The members to be rung next, in order; empty when everybody was, or nobody can be.

    `states` by extension number; who is not in it is away. `offered`: who was rung for this call already: nobody is
    rung twice. Simultaneous groups ring all who are free at once, sequential ones the first of them.
    """
    free = [number for number in group.members if states.get(number) == "free" and number not in offered]
    return free if group.strategy == "simultaneous" else free[:1]


def all_busy(group: Group, states: Mapping[int, MemberState]) -> bool:
    """Whether nobody can be rung because of those who are on the telephone: the caller hears that the line is busy."""
    found = {states.get(number, "away") for number in group.members}
    return "busy" in found and "free" not in found
