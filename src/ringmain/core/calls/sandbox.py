"""Acting calls out: what a PBX would tell of a whole call, at once, in instances whose PBX acts (the sandbox)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec

from ringmain.core.calls import store
from ringmain.core.calls.model import Call, CallEnd, Direction, LegEnd, Network, NewLeg
from ringmain.core.calls.rehearsal import (
    INTERNAL,
    OUTCOMES,
    Offered,
    Plan,
    Rehearsal,
    RingingEnds,
    Rings,
    Script,
)
from ringmain.core.calls.service import Calls
from ringmain.core.calls.treatment import REJECTED
from ringmain.core.errors import Invalid, NotFound, Unavailable
from ringmain.core.files.service import Files
from ringmain.core.groups.model import Group
from ringmain.core.groups.service import Groups
from ringmain.core.instances.model import Instance
from ringmain.core.instances.service import Instances
from ringmain.core.voicemail.audio import AudioTools
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.core.voicemail.service import Voicemails
from ringmain.database.pool import Database

UNREGISTERED: Final = "UNREGISTERED"
REFUSED: Final = Script(
    steps=(Rings(leg=0, extension=None, after=0), RingingEnds(leg=0, outcome="failed", after=0)),
    outcome="failed",
    code=REJECTED,
    after=0,
    mailbox=None,
    extensions=(),
    groups=(),
    pbx={},
)
"""Of a call of somebody blocked, or to them."""
PLAYED: Final = {"audio/wav": "wav", "audio/mpeg": "mp3"}
"""Recordings that everybody plays; others become WAV."""


class PlannedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be acted out. Parties: an extension's number, or E.164 with +; an empty `source` is withheld.

    `extension`: who is rung, a group too, by a call to one of the company's numbers, or who dials with one. `outcome`,
    `answered_by` (an extension's number, or a telephone number that it is forwarded to) and `ring_s`: as in Plan. It
    ends now unless it says when it started. `recording`, and `message`, which the caller leaves if voicemail answers:
    any that documents/audio.py reads.
    """

    source: str
    destination: str
    outcome: str = "answered"
    ring_s: float = 5
    talk_s: float = 60
    started_at: datetime | None = None
    instance_id: int | None = None
    extension: int | None = None
    answered_by: int | str | None = None
    source_name: str = ""
    destination_name: str = ""
    recording: bytes | None = None
    message: bytes | None = None
    transcription_id: str | None = None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a planned call goes. `extension`: who is called, or who calls the outside."""

    instance_id: int
    direction: Direction
    network: Network
    extension: int | None

    @property
    def called(self) -> int | None:
        """Who is called, if that is an extension or a group."""
        return self.extension if self.direction == "inbound" or self.network == "private" else None


class SandboxCalls:
    """Acts calls out. Without `audio` none can be recorded."""

    def __init__(
        self,
        database: Database,
        calls: Calls,
        groups: Groups,
        instances: Instances,
        files: Files,
        voicemails: Voicemails,
        audio: AudioTools | None,
    ) -> None:
        self._database = database
        self._calls = calls
        self._groups = groups
        self._instances = instances
        self._files = files
        self._voicemails = voicemails
        self._audio = audio

    async def place(self, company_id: int, planned: PlannedCall, *, origin: str = "") -> Call:
        """Tell of all that becomes of it, from the first ringing to its end; returns its record.

        It goes where whoever is called has it go (core/calls/treatment.py). One of somebody blocked, or to them, fails
        at once and rings nobody. Raises NotFound("instance"), NotFound("extension"), Forbidden (a real PBX), Invalid,
        also for audio that cannot be read, TooLarge, Unavailable.
        """
        if planned.outcome not in OUTCOMES:
            raise Invalid("outcome", f"must be one of {', '.join(OUTCOMES)}")
        if planned.recording is not None and planned.outcome != "answered" and planned.answered_by is None:
            raise Invalid("recording", "only an answered call has one")
        route = await self._route(company_id, planned)
        instance = await self._instances.get(company_id, route.instance_id)
        self._instances.check_acts(instance)
        if planned.message is not None:
            await self._check_message(planned.message)
        script = await self._rehearse(instance, planned, route)
        completed = script.outcome == "completed"
        file_id = None
        if planned.recording is not None and completed:
            file_id = await self._keep(company_id, planned.recording)
        talk = planned.talk_s if completed else 0.0
        start = planned.started_at or datetime.now(UTC) - timedelta(seconds=script.after + talk)
        reference = f"sandbox-{uuid4()}"
        new = NewLeg(
            call=reference,
            leg=reference,
            direction=route.direction,
            network=route.network,
            source=planned.source,
            source_name=planned.source_name,
            destination=planned.destination,
            destination_name=planned.destination_name,
            ringing_at=start,
            extension_number=script.extensions[0] if script.extensions else None,
            pbx=_told(reference, planned, route, script.groups),
        )
        await self._tell(instance, new, script, origin)
        end = CallEnd(
            call=reference,
            at=start + timedelta(seconds=script.after + talk),
            outcome=script.outcome,
            release_code=script.code,
            pbx=script.pbx,
            extensions=script.extensions,
            recording_file_id=file_id,
            transcription_id=planned.transcription_id,
        )
        call = await self._calls.ended(company_id, instance.id, end, origin=origin)
        if script.mailbox is not None and planned.message is not None:
            await self._leave(call, script.mailbox, planned.message, origin)
        return call

    async def _rehearse(self, instance: Instance, planned: PlannedCall, route: Route) -> Script:
        place, ends = (instance.company_id, instance.id), (planned.source, planned.destination)
        if await self._database.fetchval(store.REFUSED, *place, *ends, route.extension):
            return REFUSED
        answered_by = None if planned.answered_by is None else str(planned.answered_by)
        plan = Plan(
            caller=planned.source,
            country=await self._database.fetchval(store.COUNTRY, instance.company_id),
            outcome=planned.outcome,
            answered_by=answered_by,
            ring_s=planned.ring_s,
        )
        # A phone of which nobody said anything is there, and can be rung.
        told = await self._instances.subscribers(instance)
        unregistered = {one.number for one in told if one.state == UNREGISTERED}
        rehearsal = Rehearsal(self._database, self._groups, instance, unregistered, plan)
        if route.called is None:
            return await rehearsal.dial(planned.destination, route.extension)
        return await rehearsal.call(str(route.called))

    async def _tell(self, instance: Instance, call: NewLeg, script: Script, origin: str) -> None:
        """Of its legs and offers; a call without any begins all the same."""
        place, start = (instance.company_id, instance.id), call.ringing_at
        if not script.steps:
            await self._calls.begun(*place, call)
        for step in script.steps:
            match step:
                case Offered():
                    await self._calls.offered(step.group, call, step.users, origin=origin)
                case Rings():
                    leg = msgspec.structs.replace(
                        call,
                        leg=f"{call.leg}-{step.leg + 1}",
                        extension_number=step.extension,
                        ringing_at=start + timedelta(seconds=step.after),
                    )
                    await self._calls.ringing(*place, leg, origin=origin)
                case RingingEnds():
                    at = start + timedelta(seconds=step.after)
                    over = LegEnd(call=call.call, leg=f"{call.leg}-{step.leg + 1}", outcome=step.outcome, at=at)
                    await self._calls.dial_ended(*place, over, origin=origin)

    async def _leave(self, call: Call, mailbox: int, message: bytes, origin: str) -> None:
        given = NewVoicemail(
            audio=message,
            source_number=call.source,
            source_name="" if call.source_name == call.source else call.source_name,
            received_at=call.ended_at,
            reference=call.reference,
        )
        with suppress(NotFound):  # gone meanwhile, and its mailbox with it
            extension_id = await self._voicemails.find_extension(
                call.company_id, number=mailbox, instance_id=call.instance_id
            )
            await self._voicemails.receive(call.company_id, extension_id, given, origin=origin)

    async def _route(self, company_id: int, planned: PlannedCall) -> Route:
        """Who rings, in which instance. A number is an extension's if it is short and nobody's otherwise."""
        source, destination, given = planned.source, planned.destination, planned.extension
        from_inside, to_inside = bool(INTERNAL.fullmatch(source)), bool(INTERNAL.fullmatch(destination))
        if source == destination:
            raise Invalid("destination", "cannot be the caller")
        if given is not None and (from_inside or to_inside):
            raise Invalid("extension", "is for calls between two telephone numbers")
        rows = await self._database.fetch(store.NUMBERS_HERE, company_id, [source, destination])
        here = {row["number"]: row["own"] for row in rows}
        inner = [int(number) for number, inside in ((source, from_inside), (destination, to_inside)) if inside]
        instance_id = await self._instance(company_id, [*inner, *([] if given is None else [given])], planned)
        if from_inside and to_inside:
            return Route(instance_id=instance_id, direction="outbound", network="private", extension=int(destination))
        if to_inside or here.get(destination):
            direction: Direction = "inbound"
            outside, extension = source, int(destination) if to_inside else given
        elif from_inside or here.get(source):
            direction, outside, extension = "outbound", destination, int(source) if from_inside else given
        else:
            raise Invalid("destination", "either it or the source must be an extension or a number of the company")
        network: Network = "on_net" if outside in here else "off_net"
        return Route(instance_id=instance_id, direction=direction, network=network, extension=extension)

    async def _instance(self, company_id: int, extensions: list[int], planned: PlannedCall) -> int:
        """The one instance that has all of these extensions; without any, the one given, or the company's first."""
        if not extensions:
            found = await self._database.fetchval(store.INSTANCE_OF_ANY, company_id, planned.instance_id)
            if found is None:
                raise NotFound("instance")
            return int(found)
        chosen: set[int] | None = None
        for number in extensions:
            rows = await self._database.fetch(store.INSTANCES_WITH, company_id, number, planned.instance_id)
            homes = {row["instance_id"] for row in rows}
            chosen = homes if chosen is None else chosen & homes
        if not chosen:
            raise NotFound("extension")
        if len(chosen) > 1:
            raise Invalid("instance_id", "is needed: several instances have this extension number")
        return chosen.pop()

    async def _check_message(self, message: bytes) -> None:
        if self._audio is None:
            raise Unavailable("recordings cannot be read here")
        try:
            await self._audio.measure_audio(message)
        except Invalid as error:
            raise Invalid("message", error.reason) from error

    async def _keep(self, company_id: int, recording: bytes) -> int:
        if self._audio is None:
            raise Unavailable("recordings cannot be read here")
        mimetype = (await self._audio.measure_audio(recording)).mimetype
        content = recording if mimetype in PLAYED else await self._audio.to_wav(recording)
        file = await self._files.create(company_id, name="recording")
        ending = PLAYED.get(mimetype, "wav")
        await self._files.upload(
            company_id,
            file.id,
            content=content,
            uploaded_name=f"call{file.id % 10**6:06d}.{ending}",
            mimetype=mimetype if mimetype in PLAYED else "audio/wav",
        )
        return file.id


def _told(reference: str, planned: PlannedCall, route: Route, groups: Sequence[Group]) -> dict[str, Any]:
    """The fields that an Asterisk would have (its CDR's names)."""
    tags = {"tags": [route.direction, *(tag for group in groups for tag in group.tags)]} if groups else {}
    return {
        **tags,
        "linkedid": reference,
        "uniqueid": reference,
        "sequence": 1,
        "cnum": planned.source or None,
        "cnam": planned.source_name or None,
        "dst": planned.destination,
        "did": planned.destination if route.direction == "inbound" else None,
        "dcontext": "from-internal" if route.direction == "outbound" else "from-trunk",
        "lastapp": "Dial",
    }
