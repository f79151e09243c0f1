"""SQL of numbers."""

from typing import Final

from ringmain.core.numbers.model import Number
from ringmain.database.pool import Record

COLUMNS: Final = "id, company_id, number, sms, mms, fax, voice, owner_emails, carrier, created_at, updated_at"

CREATE: Final = f"""
INSERT INTO numbers (company_id, number, sms, mms, fax, voice, owner_emails) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING {COLUMNS}
"""
LIST: Final = f"""
SELECT {COLUMNS} FROM numbers
WHERE company_id = $1 AND NOT line AND ($2::text IS NULL OR lower($2) = ANY (owner_emails)) AND (sms OR NOT $3)
ORDER BY id
"""
GET_BY_NUMBER: Final = f"SELECT {COLUMNS} FROM numbers WHERE company_id = $1 AND number = $2"
# $2 an e-mail: its own numbers come first. $3 whether it must fax, else text
DEFAULT: Final = f"""
SELECT {COLUMNS} FROM numbers
WHERE company_id = $1 AND NOT line AND CASE WHEN $3 THEN fax ELSE sms END
ORDER BY lower($2) = ANY (owner_emails) DESC, id LIMIT 1
"""
SET_OWNERS: Final = f"""
UPDATE numbers SET owner_emails = $3, updated_at = now() WHERE company_id = $1 AND number = $2
RETURNING {COLUMNS}
"""
SET_CARRIER: Final = f"""
UPDATE numbers SET carrier = $3, updated_at = now() WHERE company_id = $1 AND number = $2
RETURNING {COLUMNS}
"""
UPDATE: Final = f"""
UPDATE numbers SET sms = coalesce($3, sms), mms = coalesce($4, mms), fax = coalesce($5, fax),
    voice = coalesce($6, voice), updated_at = now()
WHERE company_id = $1 AND number = $2
RETURNING {COLUMNS}
"""


def number_of(row: Record) -> Number:
    """One row of `COLUMNS`."""
    return Number(
        id=row["id"],
        company_id=row["company_id"],
        number=row["number"],
        sms=row["sms"],
        mms=row["mms"],
        fax=row["fax"],
        voice=row["voice"],
        owner_emails=row["owner_emails"],
        carrier=row["carrier"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
