"""What each route takes and answers: what the OpenAPI document is made from (openapi.py)."""

from typing import Any, Final

import msgspec

from ringmain.dialects.ringrx.billing import WireUsage
from ringmain.dialects.ringrx.callbacks import GivenCallback, WireCallback
from ringmain.dialects.ringrx.cdr_wire import WireCall
from ringmain.dialects.ringrx.described import (
    CallQuery,
    Credentials,
    EventPage,
    FaxForm,
    GivenProfile,
    KeyName,
    LogEntry,
    MailboxQuery,
    MessageChange,
    OneTimeCode,
    Refresh,
    ShownEvent,
    ShownProfile,
    Text,
)
from ringmain.dialects.ringrx.group_wire import GivenGroup, WireGroup
from ringmain.dialects.ringrx.keys import WireKey, WireNewKey
from ringmain.dialects.ringrx.messaging import SentMessage
from ringmain.dialects.ringrx.myphones import WireUser
from ringmain.dialects.ringrx.outreach_wire import EventChange, EventQuery, NewEvent
from ringmain.dialects.ringrx.second_factor import WireSecret, WireState
from ringmain.dialects.ringrx.tokens import WireTokens
from ringmain.dialects.ringrx.voicemail_wire import WireMessage


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `result`: None for an answer without a body; `media`: types of an answer that is a file.

    `body` may be JSON or a form, and each of its fields may be in the query as well. `files`: it is a multipart form,
    its `bytes` are files.
    """

    name: str
    result: Any = None
    status: int = 200
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    files: bool = False
    media: tuple[str, ...] = ()


OPERATIONS: Final[dict[str, Described]] = {
    "POST /auth/token": Described(name="getToken", result=WireTokens, body=Credentials),
    "POST /auth/refresh": Described(name="refreshToken", result=WireTokens, body=Refresh),
    "GET /myphones": Described(name="getOwnUser", result=WireUser),
    "GET /myphones/api_key": Described(name="listKeys", result=list[WireKey]),
    "POST /myphones/api_key": Described(name="createKey", result=WireNewKey, status=201, body=KeyName),
    "DELETE /myphones/api_key/{token}": Described(name="deleteKey", status=204),
    "POST /myphones/otp": Described(name="beginOneTimeCodes", result=WireSecret, status=201),
    "POST /myphones/otp/confirm": Described(name="confirmOneTimeCodes", result=WireState, body=OneTimeCode),
    "DELETE /myphones/otp": Described(name="endOneTimeCodes", status=204, query=OneTimeCode),
    "GET /voicemails": Described(name="listMessages", result=list[WireMessage], query=MailboxQuery),
    "GET /voicemails/{id}": Described(name="getMessage", result=WireMessage),
    "PUT /voicemails/{id}": Described(name="changeMessage", result=WireMessage, body=MessageChange),
    "PATCH /voicemails/{id}": Described(name="patchMessage", result=WireMessage, body=MessageChange),
    "DELETE /voicemails/{id}": Described(name="deleteMessage", status=204),
    "GET /voicemails/{id}/voice_payload": Described(name="getVoicePayload", media=("audio/*",)),
    "GET /voicemails/{id}/fax_payload": Described(name="getFaxPayload", media=("application/pdf", "image/tiff")),
    "POST /voicemails/fax": Described(name="sendFax", result=WireMessage, body=FaxForm, files=True),
    "GET /cdrs": Described(name="listCalls", result=list[WireCall], query=CallQuery),
    "GET /cdrs/{id}": Described(name="getCall", result=WireCall),
    "GET /cdrs/{id}/recording": Described(name="getRecording", media=("audio/*",)),
    "POST /messaging/send_message": Described(name="sendMessage", result=SentMessage, body=Text),
    "GET /billing": Described(name="getBilling", result=WireUsage),
    "GET /pbxcallbacks": Described(name="listCallbacks", result=list[WireCallback]),
    "POST /pbxcallbacks": Described(name="createCallback", result=WireCallback, status=201, body=GivenCallback),
    "GET /pbxcallbacks/{id}": Described(name="getCallback", result=WireCallback),
    "PUT /pbxcallbacks/{id}": Described(name="changeCallback", result=WireCallback, body=GivenCallback),
    "PATCH /pbxcallbacks/{id}": Described(name="patchCallback", result=WireCallback, body=GivenCallback),
    "DELETE /pbxcallbacks/{id}": Described(name="deleteCallback", status=204),
    "GET /outreach/profiles": Described(name="listProfiles", result=list[ShownProfile]),
    "POST /outreach/profiles": Described(name="createProfile", result=ShownProfile, status=201, body=GivenProfile),
    "GET /outreach/profiles/{id}": Described(name="getProfile", result=ShownProfile),
    "PUT /outreach/profiles/{id}": Described(name="changeProfile", result=ShownProfile, body=GivenProfile),
    "PATCH /outreach/profiles/{id}": Described(name="patchProfile", result=ShownProfile, body=GivenProfile),
    "DELETE /outreach/profiles/{id}": Described(name="deleteProfile", status=204),
    "GET /outreach/events": Described(name="listEvents", result=EventPage, query=EventQuery),
    "POST /outreach/events": Described(name="createEvent", result=ShownEvent, status=201, body=NewEvent),
    "GET /outreach/events/{id}": Described(name="getEvent", result=ShownEvent),
    "PUT /outreach/events/{id}": Described(name="changeEvent", result=ShownEvent, body=EventChange),
    "PATCH /outreach/events/{id}": Described(name="patchEvent", result=ShownEvent, body=EventChange),
    "DELETE /outreach/events/{id}": Described(name="deleteEvent", status=204),
    "POST /outreach/events/{id}/confirm": Described(name="confirmEvent", result=ShownEvent),
    "POST /outreach/events/{id}/cancel": Described(name="cancelEvent", result=ShownEvent),
    "GET /outreach/events/{id}/log": Described(name="getEventLog", result=list[LogEntry]),
    "GET /groups": Described(name="listGroups", result=list[WireGroup]),
    "POST /groups": Described(name="createGroup", result=WireGroup, status=201, body=GivenGroup),
    "GET /groups/{id}": Described(name="getGroup", result=WireGroup),
    "PUT /groups/{id}": Described(name="changeGroup", result=WireGroup, body=GivenGroup),
    "PATCH /groups/{id}": Described(name="patchGroup", result=WireGroup, body=GivenGroup),
    "DELETE /groups/{id}": Described(name="deleteGroup", status=204),
}
"""By method and path. Every route is here but that of the document itself."""
