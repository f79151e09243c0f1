"""Which texts and keys answer a reminder."""

from typing import Final

from ringmain.core.outreach.model import Answer, ProfileSettings

LONGEST: Final = 40
"""Characters of a text that may be an answer; the trigger of migration 0013 reads no longer ones."""


def plain(text: str) -> str:
    """As words are compared: without regard to case, to blanks around it, and to the full stop people put there."""
    return text.strip().rstrip(".!").strip().casefold()


def answer_of(text: str, settings: ProfileSettings) -> Answer | None:
    """What a text says when it is one of the profile's words and nothing else."""
    if len(text) > LONGEST or not (word := plain(text)):
        return None
    if word in {plain(one) for one in settings.confirm_words}:
        return "confirm"
    return "cancel" if word in {plain(one) for one in settings.cancel_words} else None


def pressed(digits: str, settings: ProfileSettings) -> Answer | None:
    """What the first key of these says that means something."""
    meaning: dict[str, Answer] = {settings.confirm_key: "confirm", settings.cancel_key: "cancel"}
    return next((meaning[digit] for digit in digits if digit in meaning), None)
