"""Acting calls out: what a PBX would tell of a whole call, at once, in instances whose PBX acts (the sandbox)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec

from ringmain.core.calls import store
from ringmain.core.calls.group_sandbox import Plan, SandboxGroups
from ringmain.core.calls.model import Call, CallEnd, Direction, LegEnd, LegOutcome, Network, NewLeg, Outcome
from ringmain.core.calls.service import Calls
from ringmain.core.errors import Invalid, NotFound, Unavailable
from ringmain.core.files.service import Files
from ringmain.core.groups.model import Group
from ringmain.core.groups.service import Groups
from ringmain.core.instances.service import Instances
from ringmain.core.voicemail.audio import AudioTools
from ringmain.database.pool import Database

INTERNAL: Final = re.compile(r"[1-9][0-9]{0,8}")
"""What may be an extension's number."""
OUTCOMES: Final[dict[str, tuple[LegOutcome, Outcome, int]]] = {
    "answered": ("answered", "completed", 16),
    "busy": ("busy", "busy", 17),
    "no_answer": ("no_answer", "no_answer", 19),
    "cancelled": ("cancelled", "cancelled", 16),
    "failed": ("failed", "failed", 38),
}
"""What becomes of the leg, of the call, and its Q.850 release code."""
REFUSED: Final[tuple[LegOutcome, Outcome, int]] = ("failed", "failed", 21)
"""The same of a call of somebody blocked, or to them."""
PLAYED: Final = {"audio/wav": "wav", "audio/mpeg": "mp3"}
"""Recordings that everybody plays; others become WAV."""


class PlannedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be acted out. Parties: an extension's number, or E.164 with +; an empty `source` is withheld.

    `extension`: who is rung, a group too, by a call to one of the company's numbers, or who dials with one.
    `answered_by`: the member of a group who answers, else who is rung first. `ring_s` and `talk_s`:
    seconds; it ends now unless it says when it started. `recording`: any that documents/audio.py reads.
    """

    source: str
    destination: str
    outcome: str = "answered"
    ring_s: float = 5
    talk_s: float = 60
    started_at: datetime | None = None
    instance_id: int | None = None
    extension: int | None = None
    answered_by: int | None = None
    source_name: str = ""
    destination_name: str = ""
    recording: bytes | None = None
    transcription_id: str | None = None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a planned call goes."""

    instance_id: int
    direction: Direction
    network: Network
    extension: int | None


class SandboxCalls:
    """Acts calls out. Without `audio` none can be recorded."""

    def __init__(
        self,
        database: Database,
        calls: Calls,
        groups: Groups,
        instances: Instances,
        files: Files,
        audio: AudioTools | None,
    ) -> None:
        self._database = database
        self._calls = calls
        self._groups = groups
        self._ringing = SandboxGroups(calls, groups)
        self._instances = instances
        self._files = files
        self._audio = audio

    async def place(self, company_id: int, planned: PlannedCall, *, origin: str = "") -> Call:
        """Tell of its ringing, the end of its ringing, and its end; returns its record.

        One of somebody blocked, or to them, fails at once and rings nobody. Raises NotFound("instance"),
        NotFound("extension"), Forbidden (a real PBX), Invalid, also for audio that cannot be read, TooLarge,
        Unavailable.
        """
        if planned.outcome not in OUTCOMES:
            raise Invalid("outcome", f"must be one of {', '.join(OUTCOMES)}")
        leg_outcome, outcome, release_code = OUTCOMES[planned.outcome]
        if planned.recording is not None and outcome != "completed":
            raise Invalid("recording", "only an answered call has one")
        route = await self._route(company_id, planned)
        self._instances.check_acts(await self._instances.get(company_id, route.instance_id))
        ends = (planned.source, planned.destination)
        if await self._database.fetchval(store.REFUSED, company_id, route.instance_id, *ends, route.extension):
            leg_outcome, outcome, release_code = REFUSED
            route = msgspec.structs.replace(route, extension=None)
            planned = msgspec.structs.replace(planned, ring_s=0, recording=None)
        file_id = await self._keep(company_id, planned.recording) if planned.recording is not None else None
        talk = planned.talk_s if outcome == "completed" else 0.0
        reference = f"sandbox-{uuid4()}"
        group = await self._group(company_id, route)
        plan = Plan(origin=origin, outcome=planned.outcome, answered_by=planned.answered_by, ring_s=planned.ring_s)
        rings = planned.ring_s if group is None else await self._ringing.length(group, plan)
        start = planned.started_at or datetime.now(UTC) - timedelta(seconds=rings + talk)
        rung = start + timedelta(seconds=rings)
        new = NewLeg(
            call=reference,
            leg=f"{reference}-1",
            direction=route.direction,
            network=route.network,
            source=planned.source,
            source_name=planned.source_name,
            destination=planned.destination,
            destination_name=planned.destination_name,
            ringing_at=start,
            extension_number=route.extension,
            pbx=_told(reference, planned, route, group),
        )
        pbx: dict[str, Any] = {}
        if group is None:
            await self._calls.ringing(company_id, route.instance_id, new, origin=origin)
            over = LegEnd(call=reference, leg=new.leg, outcome=leg_outcome, at=rung)
            await self._calls.dial_ended(company_id, route.instance_id, over, origin=origin)
        else:
            acted = await self._ringing.ring(group, new, plan, (leg_outcome, outcome, release_code))
            outcome, release_code, rung, pbx = acted.outcome, acted.release_code, acted.at, acted.pbx
            talk = talk if outcome == "completed" else 0.0
            file_id = file_id if outcome == "completed" else None
        end = CallEnd(
            call=reference,
            at=rung + timedelta(seconds=talk),
            outcome=outcome,
            release_code=release_code,
            pbx=pbx,
            recording_file_id=file_id,
            transcription_id=planned.transcription_id,
        )
        return await self._calls.ended(company_id, route.instance_id, end, origin=origin)

    async def _group(self, company_id: int, route: Route) -> Group | None:
        """The group that is rung, if it is one."""
        if route.extension is None:
            return None
        return await self._groups.find(company_id, route.extension, instance_id=route.instance_id)

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


def _told(reference: str, planned: PlannedCall, route: Route, group: Group | None) -> dict[str, Any]:
    """The fields that an Asterisk would have (its CDR's names)."""
    tags = {} if group is None else {"tags": [route.direction, *group.tags]}
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
