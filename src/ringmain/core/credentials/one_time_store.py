"""SQL of second factors."""

from typing import Final

BEGIN: Final = """
INSERT INTO one_time_codes (company_id, person_id, secret)
SELECT company_id, id, $3 FROM people WHERE company_id = $1 AND id = $2
ON CONFLICT (company_id, person_id) DO UPDATE SET secret = excluded.secret, last_step = 0, created_at = now()
    WHERE one_time_codes.confirmed_at IS NULL
RETURNING person_id
"""
GET: Final = "SELECT secret, confirmed_at FROM one_time_codes WHERE company_id = $1 AND person_id = $2"
# $3: the secret that the code was checked with. Another may have been begun since.
CONFIRM: Final = """
UPDATE one_time_codes SET confirmed_at = now(), last_step = $4
WHERE company_id = $1 AND person_id = $2 AND secret = $3 AND confirmed_at IS NULL
RETURNING true
"""
# Of several at once with one code, one finds it unused.
USE: Final = """
UPDATE one_time_codes SET last_step = $3
WHERE company_id = $1 AND person_id = $2 AND confirmed_at IS NOT NULL AND last_step < $3
RETURNING true
"""
REMOVE: Final = "DELETE FROM one_time_codes WHERE company_id = $1 AND person_id = $2 RETURNING person_id"
