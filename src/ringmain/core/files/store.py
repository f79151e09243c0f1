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


def file_of(row: Record) -> File:
    """One row of `COLUMNS`."""
    return msgspec.convert(dict(row), File)
