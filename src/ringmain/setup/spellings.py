"""An id in every dialect's spelling, for people who set clients up."""

from ringmain.dialects.ringcentral import ids as ringcentral
from ringmain.dialects.ringotel import ids as ringotel
from ringmain.dialects.ringplan import ids as ringplan
from ringmain.dialects.ringrx import ids as ringrx


def spell(core_id: int) -> dict[str, str]:
    """By dialect. RingCentral's decimal spelling is the core id itself."""
    return {
        "ringcentral": ringcentral.encode(core_id),
        "ringplan": ringplan.encode(core_id),
        "ringrx": ringrx.encode(core_id),
        "ringotel": ringotel.encode(core_id),
    }
