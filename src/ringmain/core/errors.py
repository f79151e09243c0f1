"""What the core refuses, one class for each meaning. Each dialect has one table from these to its vendor's words."""


class CoreError(Exception):
    """Base of every refusal. The text is for people and never holds a secret or a message body."""


class NotFound(CoreError):
    """No such object in this company; a foreign company's object is exactly as unknown."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} not found")
        self.kind = kind


class Invalid(CoreError):
    """A value that cannot be: `field` is the core's name for it, `reason` a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class AlreadyExists(CoreError):
    """A second object where there can be only one."""


class WrongState(CoreError):
    """The object is there, but this cannot be done in the state that it is in."""


class Forbidden(CoreError):
    """The acting person may not do this."""


class Unauthenticated(CoreError):
    """No, unknown, expired or revoked credentials."""


class Throttled(CoreError):
    """Too many tries. `retry_after`: seconds until the next may be made."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many tries; the next may be made in {retry_after} seconds")
        self.retry_after = retry_after


class OptedOut(CoreError):
    """The recipient sent STOP to this number; nothing may be sent until START."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has opted out of messages from this number")
        self.number = number


class ReferenceReused(CoreError):
    """A client reference that was used before for a different message."""


class TooLarge(CoreError):
    """A file or text over its limit."""


class Unavailable(CoreError):
    """A part behind a port (PBX, carrier, file store) failed; nothing was changed here."""
