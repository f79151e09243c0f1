"""Operations on meetings: reading a company's, and bringing what the video server recorded."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ringmain.core.errors import NotFound
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.meetings.model import Meeting, RoomRecording
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import LARGEST, Body, Numbered, PageQuery


class RecordingBody(Body, frozen=True, kw_only=True):
    """What was recorded in a meeting's room. It is kept as a file, whatever it is."""

    recording: Annotated[bytes, Meta(description=f"the file, at most {MAX_SIZE} bytes")]
    name: Annotated[str, Meta(max_length=200, description="the file's name")] = "recording.mp4"
    mimetype: Annotated[str, Meta(max_length=200)] = "video/mp4"


async def list_meetings(call: Call) -> Numbered[Meeting]:
    """A company's meetings with their recordings, in the order in which they take place; without passwords."""
    query: PageQuery = call.query
    found = await call.core.meetings.page(call.company_id, page=query.page, per_page=query.per_page)
    return Numbered(items=[msgspec.structs.replace(one, password=None) for one in found.items], total=found.total)


async def add_meeting_recording(call: Call) -> RoomRecording:
    """Add a recording to a meeting's room; all meetings in that room show it."""
    body: RecordingBody = call.body
    core, company_id, meeting_id = call.core, call.company_id, call.ids["meeting_id"]
    await core.meetings.get(company_id, meeting_id)
    file = await core.files.create(company_id, name=body.name)
    try:
        await core.files.upload(
            company_id, file.id, content=body.recording, uploaded_name=body.name, mimetype=body.mimetype
        )
        return await core.meetings.add_recording(company_id, meeting_id, file.id)
    except NotFound:  # the meeting was called off meanwhile
        await core.files.delete(company_id, [file.id])
        raise


MEETINGS: Final = f"{COMPANY}/meetings"

OPERATIONS: Final = (
    Operation(method="GET", path=MEETINGS, handler=list_meetings, result=Numbered[Meeting], query=PageQuery),
    Operation(
        method="POST",
        path=f"{MEETINGS}/{{meeting_id}}/recordings",
        handler=add_meeting_recording,
        result=RoomRecording,
        body=RecordingBody,
        status=201,
        limit=LARGEST,
        form=True,
    ),
)
