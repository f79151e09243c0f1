"""Deleting what was recorded of a user's calls (specs/ringotel.md 3; section 5, reading 19)."""

import msgspec

from ringmain.core.extensions.model import Extension
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Id
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.users import USER


class Whose(msgspec.Struct, frozen=True):
    """A user by `userid`."""

    userid: Id


class Deleted(msgspec.Struct, frozen=True):
    """Of how many calls, and how many files went: some are in use elsewhere."""

    records: int
    files: int


class RecordingMethods:
    """Recordings and transcriptions of calls. Voicemail stays."""

    def __init__(self, core: Core) -> None:
        self._calls = core.calls
        self._extensions = core.extensions
        self.methods = [
            Method("deleteRecordings", Whose, self.delete_recordings, changes=True),
            Method("deleteTranscriptions", Whose, self.delete_transcriptions, changes=True),
        ]

    async def delete_recordings(self, org: Org, given: Whose) -> Deleted:
        """Delete the recordings of all calls that the user took part in."""
        user = await self._get(org, given)
        return Deleted(*await self._calls.forget_recordings(org.company_id, user.instance_id, user.number))

    async def delete_transcriptions(self, org: Org, given: Whose) -> Deleted:
        """The same of transcriptions, which are no files here."""
        user = await self._get(org, given)
        return Deleted(await self._calls.forget_transcriptions(org.company_id, user.instance_id, user.number), 0)

    async def _get(self, org: Org, given: Whose) -> Extension:
        return await self._extensions.get(org.company_id, ids.decode(given.userid, USER))
