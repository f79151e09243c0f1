"""Reminders of appointments, and the profiles that say how they are made. Also the shape that events carry."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

Channel = Literal["sms", "voice", "email"]
CHANNELS: Final[tuple[Channel, ...]] = ("sms", "voice", "email")
State = Literal["scheduled", "waiting", "confirmed", "cancelled", "expired"]
"""`scheduled`: attempts are to come. `waiting`: none are, but an answer may come until the date. The rest is over."""
Answer = Literal["confirm", "cancel"]

MAX_NAME: Final = 200
MAX_TEMPLATE: Final = 2000
MAX_LOG: Final = 200
"""Entries of a reminder's log; of more the oldest are forgotten."""
MAX_PROFILES: Final = 500

ClockTime = Annotated[str, Meta(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
"""By the wall clock, as in 21:30."""
Weekday = Annotated[int, Meta(ge=1, le=7)]
"""As in ISO 8601: 1 is Monday, 7 is Sunday."""
Word = Annotated[str, Meta(min_length=1, max_length=20)]
Key = Annotated[str, Meta(pattern=r"\A[0-9*#]\Z")]
Lead = Annotated[int, Meta(ge=1, le=366 * 24 * 60)]
Template = Annotated[str, Meta(min_length=1, max_length=MAX_TEMPLATE)]

SMS_TEMPLATE: Final = (
    "{{ company }}: {{ name }}, you have an appointment on {{ date }} at {{ time }}. "
    "Reply {{ confirm_word }} to confirm, {{ cancel_word }} to cancel."
)
VOICE_TEMPLATE: Final = (
    "Hello {{ name }}. This is {{ company }}. You have an appointment on {{ date }} at {{ time }}. "
    "To confirm, press {{ confirm_key }}. To cancel, press {{ cancel_key }}."
)
EMAIL_SUBJECT: Final = "{{ company }}: your appointment on {{ date }}"
EMAIL_TEMPLATE: Final = (
    "Hello {{ name }},\n\nyou have an appointment with {{ company }} on {{ date }} at {{ time }}.\n\n"
    "Confirm: {{ confirm_link }}\nCancel: {{ cancel_link }}\n"
)


class ProfileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How reminders are made (docs/outreach.md).

    `channels`: in the order in which they are used. `lead_minutes`: how long before the date each round of `attempts`
    begins; `interval_minutes` lie between two attempts at least. Nobody is contacted from `quiet_from` to
    `quiet_until`, or on other `days`, by the wall clock of `timezone`, which is the company's when it is None.
    `sender`: the number that texts, `caller_id`: the one that calls; E.164, "" while it does not.
    """

    channels: Annotated[list[Channel], Meta(min_length=1, max_length=3)] = field(default_factory=lambda: ["sms"])
    attempts: Annotated[int, Meta(ge=1, le=10)] = 1
    interval_minutes: Annotated[int, Meta(ge=1, le=30 * 24 * 60)] = 60
    lead_minutes: Annotated[list[Lead], Meta(min_length=1, max_length=10)] = field(default_factory=lambda: [24 * 60])
    quiet_from: ClockTime | None = "21:00"
    quiet_until: ClockTime | None = "08:00"
    days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] = field(
        default_factory=lambda: [1, 2, 3, 4, 5, 6, 7]
    )
    timezone: str | None = None
    sender: str = ""
    caller_id: str = ""
    confirm_words: Annotated[list[Word], Meta(min_length=1, max_length=20)] = field(
        default_factory=lambda: ["YES", "C", "1"]
    )
    cancel_words: Annotated[list[Word], Meta(min_length=1, max_length=20)] = field(
        default_factory=lambda: ["NO", "X", "2"]
    )
    confirm_key: Key = "1"
    cancel_key: Key = "2"
    sms_template: Template = SMS_TEMPLATE
    voice_template: Template = VOICE_TEMPLATE
    email_subject: Template = EMAIL_SUBJECT
    email_template: Template = EMAIL_TEMPLATE


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A way of reminding, known by its name."""

    id: int
    company_id: int
    name: str
    settings: ProfileSettings
    created_at: datetime
    updated_at: datetime


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened to a reminder. `event` and `detail` are words of docs/outreach.md."""

    at: datetime
    event: str
    channel: Channel | None = None
    attempt: int | None = None
    detail: str = ""


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be reminded of an appointment, at `reminder_date`, and how that stands (migration 0013).

    `phone_number` (E.164) and `email_address` may be "". `sms`, `voice`, `email`: the channels that are wanted; the
    states of the others are `off`. `attempt`: attempts that were begun. `next_at`: when the next is to begin.
    """

    id: int
    company_id: int
    profile_id: int
    name: str
    phone_number: str
    email_address: str
    reminder_date: datetime
    reference: str
    sms: bool
    voice: bool
    email: bool
    state: State
    sms_state: str
    call_state: str
    email_state: str
    confirmed: bool
    cancelled: bool
    attempt: int
    next_at: datetime | None
    event_log: list[LogEntry]
    created_at: datetime
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether an answer is waited for."""
        return self.state in ("scheduled", "waiting")

    def wants(self, channel: Channel) -> bool:
        """Whether it may go this way: it is wanted, and there is where to."""
        wanted = {"sms": self.sms, "voice": self.voice, "email": self.email}[channel]
        return wanted and bool(self.email_address if channel == "email" else self.phone_number)


class OutreachEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of outreach.created, outreach.updated and outreach.dispositioned."""

    reminder: Reminder


class NewReminder(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to remind of what. A channel that is not said is wanted where the profile has it and there is where to."""

    profile_id: int
    name: str
    reminder_date: datetime
    phone_number: str = ""
    email_address: str = ""
    reference: str = ""
    sms: bool | None = None
    voice: bool | None = None
    email: bool | None = None


class ReminderChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change. A date that moves begins everything anew, also for one that was over."""

    name: str | UnsetType = UNSET
    reminder_date: datetime | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    email_address: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET
    sms: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    email: bool | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        """What is to be changed, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class ReminderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which reminders: of one profile, in one state, with dates from `since` to before `until`."""

    profile_id: int | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None


class ReminderPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, the earliest date first. `next`: where the next page begins, None after the last."""

    items: list[Reminder]
    next: str | None
