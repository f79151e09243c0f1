"""The SQL of files."""

from typing import Final

import msgspec

from ringmain.core.files.model import File
from ringmain.database.pool import Record

COLUMNS: Final = """
    id, company_id, name, uploaded_name, mimetype, size, uploaded_by, description, created_at, uploaded_at
"""

# The uploader must be of the same company; no row comes back otherwise.
INSERT: Final = f"""
INSERT INTO files (company_id, name, uploaded_by)
SELECT companies.id, $2, $3::bigint FROM companies
WHERE companies.id = $1
  AND ($3 IS NULL OR EXISTS (SELECT FROM people WHERE people.company_id = $1 AND people.id = $3))
RETURNING {COLUMNS}
"""

SELECT: Final = f"SELECT {COLUMNS} FROM files WHERE company_id = $1 AND id = $2"

UPLOADED: Final = f"""
UPDATE files SET uploaded_name = $3, mimetype = $4, size = $5, sha256 = $6, uploaded_at = now()
WHERE company_id = $1 AND id = $2 AND uploaded_at IS NULL
RETURNING {COLUMNS}
"""

# Those of `$2` that nothing refers to (migration 0009).
DELETE: Final = "SELECT release_files($1, $2::bigint[])"

# A claim is a lease: if its process dies, `due_at` passes and the content is removed by another.
CLAIM_REMOVED: Final = """
UPDATE removed_files r SET due_at = now() + $2 FROM (
    SELECT company_id, file_id FROM removed_files WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
) AS due
WHERE r.company_id = due.company_id AND r.file_id = due.file_id
RETURNING r.company_id, r.file_id
"""
FORGET_REMOVED: Final = """
DELETE FROM removed_files r USING unnest($1::bigint[], $2::bigint[]) AS over (company_id, file_id)
WHERE r.company_id = over.company_id AND r.file_id = over.file_id
"""


def file_of(row: Record) -> File:
    """One row of `COLUMNS`."""
    return msgspec.convert(dict(row), File)
