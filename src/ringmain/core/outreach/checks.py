"""What may stand in profiles and reminders. Each raises Invalid."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ringmain.core.companies.service import check_timezone
from ringmain.core.errors import Invalid
from ringmain.core.listing import LATEST
from ringmain.core.mail.addresses import check_address, check_line
from ringmain.core.numbers.normalise import normalise
from ringmain.core.outreach import templates
from ringmain.core.outreach.model import CHANNELS, MAX_NAME, Channel, ProfileSettings
from ringmain.core.outreach.words import plain
from ringmain.core.texting import keywords
from ringmain.core.texting.checks import check_text

MAX_REFERENCE: Final = 200
TEMPLATES: Final = ("sms_template", "voice_template", "email_subject", "email_template")


def settings_of(base: ProfileSettings, given: Mapping[str, object]) -> ProfileSettings:
    """The settings with those changed that are given, by name."""
    try:
        return msgspec.convert({**msgspec.structs.asdict(base), **given}, ProfileSettings, strict=False)
    except msgspec.ValidationError as error:
        field = next((name for name in given if f"$.{name}" in str(error)), "settings")
        raise Invalid(field, str(error)) from error


def check_settings(settings: ProfileSettings) -> None:
    """What types cannot say; whether the numbers are the company's is asked elsewhere."""
    for field in ("channels", "days"):
        _unique(field, getattr(settings, field))
    if (settings.quiet_from is None) != (settings.quiet_until is None):
        raise Invalid("quiet_until", "is needed with quiet_from, and the other way round")
    if settings.quiet_from is not None and settings.quiet_from == settings.quiet_until:
        raise Invalid("quiet_until", "must be another time than quiet_from")
    if settings.timezone is not None:
        check_timezone(settings.timezone)
    if settings.confirm_key == settings.cancel_key:
        raise Invalid("cancel_key", "must be another key than confirm_key")
    _check_words(settings)
    for field in TEMPLATES:
        text = getattr(settings, field)
        check_text(field, text)
        templates.check(field, text)
    for field, channel in (("sender", "sms"), ("caller_id", "voice")):
        if channel in settings.channels and not getattr(settings, field):
            raise Invalid(field, f"is needed for the channel {channel}")


def check_name(name: str) -> str:
    """Who is reminded, or what a profile is called: one line."""
    text = check_line("name", name.strip(), MAX_NAME)
    if not text:
        raise Invalid("name", "must not be empty")
    return text


def check_reference(text: str) -> str:
    """The company's own word: one line, or nothing."""
    return check_line("reference", text.strip(), MAX_REFERENCE)


def check_number(field: str, text: str, country: str) -> str:
    """E.164, or "" for none. `country` is how a number without + is read."""
    if not text.strip():
        return ""
    try:
        return normalise(text, country)
    except Invalid as error:
        raise Invalid(field, error.reason) from error


def check_email(text: str) -> str:
    """An address, or "" for none."""
    return check_address("email_address", text) if text.strip() else ""


def check_date(moment: datetime, now: datetime) -> datetime:
    """When an appointment is: in the future."""
    if moment.tzinfo is None:
        raise Invalid("reminder_date", "must have a time zone")
    if not now < moment < LATEST:
        raise Invalid("reminder_date", "must be in the future")
    return moment


def check_wishes(
    settings: ProfileSettings, phone_number: str, email_address: str, wishes: Mapping[Channel, bool | None]
) -> dict[Channel, bool]:
    """Which channels are wanted, those too that were not said; one must be usable."""
    found: dict[Channel, bool] = {}
    for channel in CHANNELS:
        address, field = (email_address, "email_address") if channel == "email" else (phone_number, "phone_number")
        usable = channel in settings.channels
        wish = wishes.get(channel)
        if wish and not usable:
            raise Invalid(channel, "is no channel of the profile")
        if wish and not address:
            raise Invalid(field, f"is needed for {channel}")
        found[channel] = wish if wish is not None else usable and bool(address)
    if not any(found.values()):
        raise Invalid("channels", "leave no way to remind: a telephone number or an e-mail address is needed")
    return found


def _unique(field: str, values: Sequence[object]) -> None:
    if len(set(values)) != len(values):
        raise Invalid(field, "must not have anything twice")


def _check_words(settings: ProfileSettings) -> None:
    confirming = {plain(word) for word in settings.confirm_words}
    for field, words in (("confirm_words", settings.confirm_words), ("cancel_words", settings.cancel_words)):
        for word in words:
            check_text(field, word)
            if not plain(word):
                raise Invalid(field, "must have letters or digits")
            # Carriers want these obeyed, whatever they would mean to the company.
            if keywords.keyword_of(word) in ("stop", "help"):
                raise Invalid(field, f"{word} means something else to carriers: it ends texts, or asks for help")
            if field == "cancel_words" and plain(word) in confirming:
                raise Invalid(field, f"{word} confirms already")
