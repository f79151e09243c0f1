from datetime import UTC, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.groups.model import STRATEGIES, Group, Strategy
from ringmain.core.groups.offering import MemberState, all_busy, next_offer

NOW = datetime(2026, 11, 21, tzinfo=UTC)
members = st.lists(st.integers(1, 20), unique=True, max_size=8)
states = st.dictionaries(st.integers(1, 20), st.sampled_from(get_args(MemberState)))


def group(numbers: list[int], strategy: Strategy) -> Group:
    return Group(
        id=1,
        company_id=1,
        instance_id=1,
        number=800,
        name="",
        strategy=strategy,
        ring_s=20,
        members=numbers,
        otherwise="hang_up",
        otherwise_to="",
        tags=[],
        created_at=NOW,
        updated_at=NOW,
    )


def offers(numbers: list[int], strategy: Strategy, now: dict[int, MemberState]) -> list[list[int]]:
    made: list[list[int]] = []
    one = group(numbers, strategy)
    while offer := next_offer(one, now, {number for offer in made for number in offer}):
        made.append(offer)
        assert len(made) <= len(numbers)
    return made


@given(members, states, st.sampled_from(STRATEGIES))
def test_everybody_who_is_free_is_rung_once_in_the_groups_order(
    numbers: list[int], now: dict[int, MemberState], strategy: Strategy
) -> None:
    rung = [number for offer in offers(numbers, strategy, now) for number in offer]
    assert rung == [number for number in numbers if now.get(number) == "free"]


@given(members, states)
def test_simultaneous_is_one_offer_and_sequential_one_a_member(numbers: list[int], now: dict[int, MemberState]) -> None:
    together, in_turn = offers(numbers, "simultaneous", now), offers(numbers, "sequential", now)
    assert len(together) <= 1
    assert all(len(offer) == 1 for offer in in_turn)
    assert [number for offer in together for number in offer] == [offer[0] for offer in in_turn]


@given(members, st.sampled_from(STRATEGIES))
def test_who_becomes_free_meanwhile_is_rung_next(numbers: list[int], strategy: Strategy) -> None:
    one = group([*numbers, 99], strategy)
    busy: dict[int, MemberState] = dict.fromkeys(one.members, "busy")
    assert next_offer(one, busy, set()) == []
    assert all_busy(one, busy)
    assert next_offer(one, {**busy, 99: "free"}, set(numbers)) == [99]
    assert not all_busy(one, {**busy, 99: "free"})


def test_a_group_without_anybody_is_not_busy() -> None:
    assert not all_busy(group([], "sequential"), {})
    assert not all_busy(group([1], "sequential"), {1: "away"})
