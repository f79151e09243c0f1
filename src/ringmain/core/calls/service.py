"""Verbs on calls: what a PBX tells as they go on, and their records.

A PBX may tell everything twice, or again after a failure: what was told before stays and raises no second event.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ringmain.core.calls import store
from ringmain.core.calls.listing import Statement
from ringmain.core.calls.model import (
    DIRECTIONS,
    LEG_OUTCOMES,
    NETWORKS,
    OUTCOMES,
    Call,
    CallEnd,
    CallFilter,
    CallPage,
    LegEnd,
    NewLeg,
)
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.files.store import DELETE as RELEASE
from ringmain.core.groups.model import Group, OfferedUser
from ringmain.core.listing import EARLIEST, LATEST, clamped
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

PARTY: Final = re.compile(r"\+?[0-9*#]{1,32}")
MAX_REFERENCE: Final = 200
MAX_NAME: Final = 200
MAX_PBX: Final = 16_384
"""Octets of the PBX's own fields as JSON."""
MAX_EXTENSION: Final = 999_999_999
MAX_RELEASE_CODE: Final = 127
ANY: Final = CallFilter()

_call: Final = msgspec.json.Decoder(Call)


class Calls:
    """The calls of all companies' instances."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def ringing(self, company_id: int, instance_id: int, leg: NewLeg, *, origin: str = "") -> Call:
        """A leg begins to ring. Of a call that has ended no further legs are kept.

        Raises NotFound("instance"), Invalid.
        """
        _check_leg(leg)
        row = await self._database.fetchrow(
            *(store.RINGING, company_id, instance_id, leg.call, leg.direction, leg.network),
            *(leg.source, leg.source_name, leg.destination, leg.destination_name, leg.leg),
            *(leg.extension_number, leg.ringing_at, _encoded(leg.pbx), origin),
        )
        if row is None or row["call"] is None:
            raise NotFound("instance")
        if row["new_leg"]:
            self._wakeups.wake(EVENTS)
        return _call.decode(row["call"])

    async def offered(self, group: Group, leg: NewLeg, users: Sequence[OfferedUser], *, origin: str = "") -> None:
        """The group is about to ring these users with the call, which begins with it; of `leg` only the call counts.

        Once this returns they may be rung: nobody waits for those who are told of it. Raises NotFound("instance"),
        Invalid.
        """
        _check_leg(leg)
        told = {
            "group_id": group.id,
            "dialed": str(group.number),
            "tags": [leg.direction, *group.tags],
            "users": users,
        }
        row = await self._database.fetchrow(
            *(store.OFFERED, group.company_id, group.instance_id, leg.call, leg.direction, leg.network),
            *(leg.source, leg.source_name, leg.destination, leg.destination_name, leg.leg),
            *(None, leg.ringing_at, _encoded(leg.pbx), origin, msgspec.json.encode(told).decode()),
        )
        if row is None or not row["begun"]:
            raise NotFound("instance")
        self._wakeups.wake(EVENTS)

    async def begun(self, company_id: int, instance_id: int, leg: NewLeg) -> None:
        """A call came that rings nobody: only its end is told of. Of `leg` only the call and the extension count.

        Raises NotFound("instance"), Invalid.
        """
        _check_leg(leg)
        row = await self._database.fetchrow(
            *(store.BEGIN, company_id, instance_id, leg.call, leg.direction, leg.network),
            *(leg.source, leg.source_name, leg.destination, leg.destination_name, leg.leg),
            *(leg.extension_number, leg.ringing_at, _encoded(leg.pbx)),
        )
        if row is None or not row["begun"]:
            raise NotFound("instance")

    async def dial_ended(self, company_id: int, instance_id: int, end: LegEnd, *, origin: str = "") -> Call:
        """An attempt is over; an answer makes the call answered. Raises NotFound("leg"), Invalid."""
        _check_word("outcome", end.outcome, LEG_OUTCOMES)
        _check_moment("at", end.at)
        for field, reference in (("call", end.call), ("leg", end.leg)):
            _check_text(field, reference, 1, MAX_REFERENCE)
        found = await self._database.fetchval(
            store.DIAL_ENDED, company_id, instance_id, end.call, end.leg, end.outcome, end.at, origin
        )
        if found is None:
            raise NotFound("leg")
        self._wakeups.wake(EVENTS)
        return _call.decode(found)

    async def ended(self, company_id: int, instance_id: int, end: CallEnd, *, origin: str = "") -> Call:
        """The whole call is over and its record is kept; legs that still ring end with it.

        Raises NotFound("call"), NotFound("file") (the recording is not uploaded), Invalid.
        """
        _check_end(end)
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK, company_id, instance_id, end.call)
            row = await connection.fetchrow(
                *(store.ENDED, company_id, instance_id, end.call, end.at, end.outcome, end.release_code),
                *(end.recording_file_id, end.transcription_id, _encoded(end.pbx), origin, list(end.extensions)),
            )
        if row is None:
            raise NotFound("call")
        if not row["over"]:
            raise NotFound("file")
        self._wakeups.wake(EVENTS)
        return _call.decode(row["call"])

    async def get(self, company_id: int, call_id: int) -> Call:
        """A call, over or not. Raises NotFound("call")."""
        found = await self._database.fetchval(store.GET, company_id, call_id)
        if found is None:
            raise NotFound("call")
        return _call.decode(found)

    async def record(self, company_id: int, call_id: int, *, person_id: int | None = None) -> Call:
        """The record of a call that has ended; of this person's calls only, where one is given.

        Raises NotFound("call"). A person's calls are those that an extension of theirs took part in.
        """
        found = await self._database.fetchval(store.RECORD, company_id, call_id, person_id)
        if found is None:
            raise NotFound("call")
        return _call.decode(found)

    async def between(
        self,
        company_id: int,
        since: datetime,
        until: datetime,
        *,
        person_id: int | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Call]:
        """Records of calls that began from `since` until before `until`, the latest first; of a person as `record`."""
        rows = await self._database.fetch(
            store.BETWEEN, company_id, clamped(since), clamped(until), person_id, limit, offset
        )
        return [_call.decode(row[0]) for row in rows]

    async def forget_recordings(self, company_id: int, instance_id: int, extension: int) -> tuple[int, int]:
        """Delete the recordings of this extension's calls; answers of how many calls, and how many files went."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(store.FORGET_RECORDINGS, company_id, instance_id, extension)
            files = await connection.fetch(RELEASE, company_id, sorted({row["recording_file_id"] for row in rows}))
        return len(rows), len(files)

    async def forget_transcriptions(self, company_id: int, instance_id: int, extension: int) -> int:
        """Forget the transcriptions of this extension's calls; answers how many there were."""
        return len(await self._database.fetch(store.FORGET_TRANSCRIPTIONS, company_id, instance_id, extension))

    async def page(self, company_id: int, *, wanted: CallFilter = ANY, page: int, per_page: int) -> CallPage:
        """Records of calls that have ended, the latest first. Pages count from 1; one beyond the end is empty."""
        statement = Statement(company_id, wanted)
        query = statement.page(per_page, (page - 1) * per_page)
        row = await self._database.fetchrow(query, *statement.arguments.values)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        return CallPage(items=[_call.decode(item) for item in row["items"]], total=row["total"])


def _encoded(pbx: dict[str, Any]) -> str:
    return msgspec.json.encode(pbx).decode()


def _check_leg(leg: NewLeg) -> None:
    _check_word("direction", leg.direction, DIRECTIONS)
    _check_word("network", leg.network, NETWORKS)
    for field, reference in (("call", leg.call), ("leg", leg.leg)):
        _check_text(field, reference, 1, MAX_REFERENCE)
    for field, name in (("source_name", leg.source_name), ("destination_name", leg.destination_name)):
        _check_text(field, name, 0, MAX_NAME)
    if leg.source and not PARTY.fullmatch(leg.source):
        raise Invalid("source", "must be an extension's or a telephone number, or empty")
    if not PARTY.fullmatch(leg.destination):
        raise Invalid("destination", "must be an extension's or a telephone number")
    if leg.extension_number is not None and not 1 <= leg.extension_number <= MAX_EXTENSION:
        raise Invalid("extension_number", "can be no extension's")
    _check_moment("ringing_at", leg.ringing_at)
    _check_pbx(leg.pbx)


def _check_end(end: CallEnd) -> None:
    _check_text("call", end.call, 1, MAX_REFERENCE)
    _check_moment("at", end.at)
    if end.outcome is not None:
        _check_word("outcome", end.outcome, OUTCOMES)
    if end.release_code is not None and not 0 <= end.release_code <= MAX_RELEASE_CODE:
        raise Invalid("release_code", f"must be from 0 to {MAX_RELEASE_CODE} (Q.850)")
    if end.transcription_id is not None:
        _check_text("transcription_id", end.transcription_id, 1, MAX_REFERENCE)
    _check_pbx(end.pbx)


def _check_word(field: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise Invalid(field, f"must be one of {', '.join(words)}")


def _check_text(field: str, text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most or "\0" in text:
        raise Invalid(field, f"must be text of {least} to {most} characters")


def _check_moment(field: str, moment: datetime) -> None:
    if moment.tzinfo is None or not EARLIEST <= moment <= LATEST:
        raise Invalid(field, "must have a time zone and be a time of this age")


def _check_pbx(pbx: dict[str, Any]) -> None:
    encoded = msgspec.json.encode(pbx)
    if len(encoded) > MAX_PBX or b"\\u0000" in encoded:
        raise Invalid("pbx", f"must be at most {MAX_PBX} octets of JSON without NUL characters")
