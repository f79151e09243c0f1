"""Where calls go: pure decisions, and that no forwarding leads round."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.calls.treatment import (
    MAX_FORWARDS,
    Forward,
    Release,
    Ring,
    TakeMessage,
    Unanswered,
    arriving,
    may_forward,
    not_through,
)
from ringmain.core.extensions.standing import Elsewhere, Reason, Standing
from ringmain.core.instances.pbx import Forwarding

CALLER = "+13105550100"
HERE = (CALLER, "101")
ALL = Forwarding(
    always=True,
    busy=True,
    unregistered=True,
    unanswered=True,
    always_to="201",
    busy_to="202",
    unregistered_to="203",
    unanswered_to="204",
    ring_s=25,
)


def standing(**fields: Any) -> Standing:
    return Standing(**{"number": 101, "voicemail": False, **fields})


BUSY, REJECTED = Release(outcome="busy", code=17), Release(outcome="failed", code=21)
NO_ANSWER, NO_PHONE = Release(outcome="no_answer", code=19), Release(outcome="no_answer", code=20)
ONLY_ELSE = Forwarding(busy=True, busy_to="202", unregistered=True, unregistered_to="203")


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({}, Ring(seconds=None)),
        ({"ring_s": 12}, Ring(seconds=12)),
        ({"forwarding": ALL, "enabled": False}, REJECTED),
        ({"forwarding": ALL}, Forward(to="201", reason="unconditional")),
        ({"forwarding": ALL, "undisturbed": True}, Forward(to="201", reason="unconditional")),
        ({"forwarding": ONLY_ELSE}, Ring(seconds=None)),
        ({"forwarding": ONLY_ELSE, "undisturbed": True}, Forward(to="202", reason="do-not-disturb")),
        ({"forwarding": ONLY_ELSE, "registered": False}, Forward(to="203", reason="unavailable")),
        ({"forwarding": ONLY_ELSE, "on_call": True}, Ring(seconds=None)),
        ({"forwarding": ONLY_ELSE, "on_call": True, "call_waiting": False}, Forward(to="202", reason="user-busy")),
        ({"undisturbed": True}, BUSY),
        ({"registered": False}, NO_PHONE),
        ({"on_call": True, "call_waiting": False}, BUSY),
        ({"call_waiting": False}, Ring(seconds=None)),
        (
            {"undisturbed": True, "voicemail": True},
            TakeMessage(mailbox=101, greeting="b", reason="do-not-disturb"),
        ),
        ({"registered": False, "voicemail": True}, TakeMessage(mailbox=101, greeting="u", reason="unavailable")),
        ({"forwarding": Forwarding(always=True, always_to="101")}, Ring(seconds=None)),
        ({"forwarding": Forwarding(always=True, always_to=CALLER)}, Ring(seconds=None)),
        ({"forwarding": Forwarding(always=False, always_to="201")}, Ring(seconds=None)),
        ({"forwarding": Forwarding(always=True)}, Ring(seconds=None)),
    ],
)
def test_a_call_that_comes(fields: dict[str, Any], step: object) -> None:
    assert arriving(standing(**fields), HERE) == step


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({}, NO_ANSWER),
        ({"forwarding": ALL}, Forward(to="204", reason="no-answer")),
        ({"voicemail": True}, TakeMessage(mailbox=101, greeting="u", reason="no-answer")),
        ({"forwarding": ALL, "voicemail": True}, Forward(to="204", reason="no-answer")),
        ({"elsewhere": {"no-answer": Elsewhere(number="800")}}, Forward(to="800", reason="no-answer")),
        ({"elsewhere": {"no-answer": Elsewhere(number="101")}, "voicemail": True}, None),
        ({"elsewhere": {"user-busy": Elsewhere(number="800")}}, NO_ANSWER),
        ({"elsewhere": {"no-answer": Elsewhere()}, "voicemail": True}, NO_ANSWER),
        (
            {"elsewhere": {"no-answer": Elsewhere(mailbox=102)}, "voicemail": True},
            TakeMessage(mailbox=102, greeting="u", reason="no-answer"),
        ),
        (
            {"forwarding": ALL, "elsewhere": {"no-answer": Elsewhere(number="800")}},
            Forward(to="204", reason="no-answer"),
        ),
    ],
)
def test_a_call_that_nobody_answered(fields: dict[str, Any], step: object) -> None:
    step = step or TakeMessage(mailbox=101, greeting="u", reason="no-answer")
    assert not_through(standing(**fields), "no-answer", HERE) == step


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_comes_to_an_end(reason: Reason) -> None:
    assert isinstance(not_through(standing(), reason, HERE), Release)


def test_a_call_is_forwarded_so_many_times_and_no_more() -> None:
    trail = [CALLER, "1"]
    for number in range(2, MAX_FORWARDS + 2):
        assert may_forward(str(number), trail)
        trail.append(str(number))
    assert not may_forward("99", trail)


def test_the_secretary_reaches_the_boss_who_forwards_to_them() -> None:
    boss = standing(forwarding=Forwarding(always=True, always_to="102"))
    assert arriving(boss, (CALLER, "101")) == Forward(to="102", reason="unconditional")
    assert arriving(boss, ("102", "101")) == Ring(seconds=None)


# Loops

NUMBERS = range(1, 7)
targets = st.sampled_from(["", *map(str, NUMBERS), CALLER])
places = st.builds(Elsewhere, number=targets) | st.builds(Elsewhere, mailbox=st.sampled_from(NUMBERS))
forwardings = st.builds(
    Forwarding,
    **{name: st.booleans() for name in ("always", "busy", "unregistered", "unanswered")},
    **{f"{name}_to": targets for name in ("always", "busy", "unregistered", "unanswered")},
)
standings = st.builds(
    Standing,
    number=st.just(0),
    **{
        name: st.booleans() for name in ("enabled", "registered", "on_call", "undisturbed", "call_waiting", "voicemail")
    },
    forwarding=forwardings,
    elsewhere=st.dictionaries(st.sampled_from(get_args(Reason)), places),
)
offices = st.fixed_dictionaries({str(number): standings for number in NUMBERS})


def followed(
    office: Mapping[str, Standing], caller: str, called: str, answers: list[str]
) -> tuple[list[str], Unanswered]:
    """Where the call was, each time that it was there, and its end; phones that ring do what `answers` says."""
    trail = [caller, called]
    rung: list[str] = []
    while True:
        here = office[trail[-1]]
        step: Any = arriving(here, trail)
        if isinstance(step, Ring):
            rung.append(trail[-1])
            reason: Any = answers[len(rung) % len(answers)]
            step = not_through(here, reason, trail)
        if not isinstance(step, Forward) or step.to not in office:
            return trail, step
        trail.append(step.to)
        assert len(trail) <= MAX_FORWARDS + 2


@given(
    offices,
    st.sampled_from(NUMBERS),
    st.sampled_from(["", CALLER, *map(str, NUMBERS)]),
    st.lists(st.sampled_from(["user-busy", "no-answer"]), min_size=1),
)
def test_no_call_goes_round(office: dict[str, Standing], called: int, caller: str, answers: list[str]) -> None:
    trail, end = followed(office, caller, str(called), answers)
    assert len(set(trail[1:])) == len(trail[1:])
    assert caller not in trail[2:]
    if isinstance(end, Forward):
        assert end.to not in trail


@given(st.permutations(list(NUMBERS)), st.sampled_from(["always", "busy", "unregistered", "unanswered"]))
def test_the_last_in_a_ring_of_forwardings_keeps_the_call(order: list[int], name: str) -> None:
    order = order[:4]
    office = {
        str(number): Standing(
            number=number,
            registered=name != "unregistered",
            forwarding=Forwarding(**{name: True, f"{name}_to": str(order[(n + 1) % len(order)])}),  # type: ignore[arg-type]
        )
        for n, number in enumerate(order)
    }
    trail, end = followed(office, CALLER, str(order[0]), ["user-busy" if name == "busy" else "no-answer"])
    assert trail == [CALLER, *map(str, order)]
    assert isinstance(end, TakeMessage), "whose mailbox it is does not matter here: the caller is not lost"
