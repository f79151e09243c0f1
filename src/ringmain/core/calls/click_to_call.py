"""Calls that somebody asks for elsewhere than at a phone: the PBX rings them, and puts them through."""

from datetime import UTC, datetime
from typing import Final

from ringmain.core.calls.sandbox import PlannedCall, SandboxCalls
from ringmain.core.calls.service import MAX_NAME, PARTY
from ringmain.core.errors import Invalid
from ringmain.core.extensions.service import Extensions
from ringmain.core.instances.pbx import Origination
from ringmain.core.instances.service import Instances

ORIGIN: Final = "sandbox"


class ClickToCall:
    """Sets calls up through a company's PBXs."""

    def __init__(self, extensions: Extensions, instances: Instances, acted: SandboxCalls) -> None:
        self._extensions = extensions
        self._instances = instances
        self._acted = acted

    async def originate(self, company_id: int, extension_id: int, destination: str, *, name: str = "") -> None:
        """Have an extension's phones ring, to be put through to `destination`: E.164, an extension's, or as dialled.

        A sandbox acts it out: it is answered and over at once. Raises NotFound("extension"), Invalid, Unavailable.
        """
        if not PARTY.fullmatch(destination):
            raise Invalid("destination", "must be an extension's or a telephone number")
        if len(name) > MAX_NAME or "\0" in name:
            raise Invalid("name", f"must be text of at most {MAX_NAME} characters")
        extension = await self._extensions.get(company_id, extension_id)
        if destination == str(extension.number):
            raise Invalid("destination", "cannot be the caller")
        instance = await self._instances.get(company_id, extension.instance_id)
        call = Origination(extension=extension.number, destination=destination, name=name)
        await self._instances.originate(instance, call)
        if self._instances.acts(instance):
            planned = PlannedCall(
                source=str(extension.number),
                destination=destination,
                destination_name=name,
                ring_s=0,
                talk_s=0,
                started_at=datetime.now(UTC),
                instance_id=instance.id,
            )
            await self._acted.place(company_id, planned, origin=ORIGIN)
