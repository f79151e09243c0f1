"""How a job in the child says no."""


class Refused(Exception):
    """The document cannot be used; the text says why, in one line."""
