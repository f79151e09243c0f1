"""What callbacks are bound to: numbers, mailboxes, fax services, a profile, a group, or the whole account."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ringmain.core import events
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.instances.service import MAX_NUMBER
from ringmain.core.subscriptions.model import Subscription, Wanted
from ringmain.core.system import Core
from ringmain.dialects.ringrx import ids, numbers

MAX_BOUND: Final = 500


class Kind(msgspec.Struct, frozen=True):
    """One type of callback: the events that it means, and the field that binds it (None: to the whole account).

    `many`: it may be bound to several. `ordered`: what is told of one thing comes in its order.
    """

    event_types: tuple[str, ...]
    field: str | None
    many: bool = True
    ordered: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "sms": Kind((events.MESSAGE_CREATED,), "phone_numbers"),
    "voicemail": Kind((events.VOICEMAIL_CREATED,), "mailboxes"),
    "fax": Kind((events.FAX_RECEIVED,), "fax_services"),
    "cdr": Kind((events.CALL_ENDED,), None),
    "recording": Kind((events.CALL_RECORDED,), None),
    "outreach": Kind(
        (events.OUTREACH_CREATED, events.OUTREACH_UPDATED, events.OUTREACH_DISPOSITIONED),
        "outreach_profile",
        many=False,
        ordered=True,
    ),
    "call_alert": Kind((events.CALL_OFFERED,), "group", many=False),
}
FIELDS: Final = tuple(kind.field for kind in KINDS.values() if kind.field)


def kind_of(name: str) -> Kind:
    """Raises Invalid for what is no type of callback."""
    kind = KINDS.get(name)
    if kind is None:
        raise Invalid("callback_type", f"must be one of {', '.join(KINDS)}")
    return kind


class Binder:
    """Finds what callbacks are bound to. Another company's things are as unknown as nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def wanted(
        self, company_id: int, country: str, name: str, given: Mapping[str, Sequence[str]]
    ) -> list[Wanted]:
        """What a callback of this type has to be told of; `given` has what was said of `FIELDS`.

        Raises Invalid for what is unknown, and for fields of other types.
        """
        kind = kind_of(name)
        foreign = sorted(field for field, bound in given.items() if bound and field != kind.field)
        if foreign:
            raise Invalid(foreign[0], f"is not for callbacks of type {name}")
        if kind.field is None:
            return [_wanted(name, kind, {}, None)]
        bound = list(dict.fromkeys(given.get(kind.field, ())))
        if len(bound) > (MAX_BOUND if kind.many else 1):
            raise Invalid(kind.field, f"may be at most {MAX_BOUND if kind.many else 1}")
        try:
            found = [await self._find(company_id, country, kind.field, one) for one in bound]
        except NotFound as error:
            raise Invalid(kind.field, f"names an unknown {error.kind}") from None
        return [_wanted(name, kind, wanted, shown) for wanted, shown in found]

    async def _find(self, company_id: int, country: str, field: str, given: str) -> tuple[dict[str, Any], str]:
        """The filter of its events, and how it is shown. Raises NotFound, Invalid."""
        core = self._core
        match field:
            case "phone_numbers":
                number = await core.numbers.get_by_number(company_id, numbers.read(given, country))
                of_number = {"message": {"direction": "inbound"}, "conversation": {"number_id": number.id}}
                return of_number, number.number
            case "fax_services":
                number = await core.numbers.get_by_number(company_id, numbers.read(given, country))
                if not number.fax:
                    raise NotFound("fax service")
                return {"fax": {"recipient": number.number}}, number.number
            case "mailboxes":
                extension = await self._mailbox(company_id, given)
                return {"voicemail": {"extension_number": extension}}, str(extension)
            case "outreach_profile":
                profile = await core.outreach.get_profile(company_id, ids.decode(given, "profile"))
                return {"reminder": {"profile_id": profile.id}}, ids.encode(profile.id)
            case _:
                group = await core.groups.get(company_id, ids.decode(given, "group"))
                return {"group_id": group.id}, ids.encode(group.id)

    async def _mailbox(self, company_id: int, given: str) -> int:
        number = int(given) if given.isascii() and given.isdecimal() and len(given) <= 9 else 0
        if 0 < number <= MAX_NUMBER:
            for instance in await self._core.instances.list(company_id):
                if await self._core.extensions.find_by_number(company_id, instance.id, number):
                    return number
        raise NotFound("mailbox")


def _wanted(name: str, kind: Kind, wanted: dict[str, Any], shown: str | None) -> Wanted:
    options = {} if shown is None else {"bound": shown}
    return Wanted(name=name, event_types=kind.event_types, filter=wanted, options=options, ordered=kind.ordered)


def shown(subscriptions: Sequence[Subscription]) -> list[str]:
    """What these subscriptions of a callback are bound to, as it is shown."""
    return [one.options["bound"] for one in subscriptions if "bound" in one.options]
