"""SQL of accounts and their keys. Of secrets only hashes are stored, and sealed what webhooks have to say."""

from typing import Final

from ringmain.core.accounts.model import Account, AccountKey
from ringmain.core.companies import store as companies
from ringmain.database.pool import Record

COLUMNS: Final = "id, name, key, created_at"
KEY_COLUMNS: Final = "id, account_id, name, active, webhook_url, created_at, updated_at"

CREATE: Final = f"INSERT INTO accounts (name, key) VALUES ($1, $2) RETURNING {COLUMNS}"
GET: Final = f"SELECT {COLUMNS} FROM accounts WHERE id = $1"
LIST_ALL: Final = f"SELECT {COLUMNS} FROM accounts ORDER BY id"
GET_BY_KEY: Final = f"SELECT {COLUMNS} FROM accounts WHERE key = $1"

COMPANIES: Final = f"SELECT {companies.COLUMNS} FROM companies WHERE account_id = $1 ORDER BY id"
COMPANY: Final = f"SELECT {companies.COLUMNS} FROM companies WHERE account_id = $1 AND id = $2"
COMPANY_BY_DOMAIN: Final = f"""
SELECT {companies.COLUMNS} FROM companies WHERE account_id = $1 AND lower(domain) = lower($2)
"""

CREATE_KEY: Final = f"""
INSERT INTO account_keys (account_id, name, secret_hash, webhook_url, webhook_secret)
SELECT id, $2, $3::bytea, $4::text, $5::text FROM accounts WHERE id = $1
RETURNING {KEY_COLUMNS}
"""
LIST_KEYS: Final = f"SELECT {KEY_COLUMNS} FROM account_keys WHERE account_id = $1 ORDER BY id"
GET_KEY: Final = f"SELECT {KEY_COLUMNS} FROM account_keys WHERE account_id = $1 AND id = $2"
ROTATE_KEY: Final = f"""
UPDATE account_keys SET secret_hash = $3, active = true, updated_at = now(),
    webhook_secret = CASE WHEN webhook_url IS NOT NULL THEN $4 END
WHERE account_id = $1 AND id = $2
RETURNING {KEY_COLUMNS}
"""
SET_ACTIVE: Final = f"""
UPDATE account_keys SET active = $3, updated_at = now() WHERE account_id = $1 AND id = $2 RETURNING {KEY_COLUMNS}
"""
# $3 the address or NULL for none, $4 the key itself or NULL for the one that is kept
SET_WEBHOOK: Final = f"""
UPDATE account_keys SET webhook_url = $3::text, updated_at = now(),
    webhook_secret = CASE WHEN $3::text IS NOT NULL THEN coalesce($4::text, webhook_secret) END
WHERE account_id = $1 AND id = $2
RETURNING {KEY_COLUMNS}
"""
DELETE_KEY: Final = f"DELETE FROM account_keys WHERE account_id = $1 AND id = $2 RETURNING {KEY_COLUMNS}"
HAS_SECRET: Final = "SELECT secret_hash = $3 FROM account_keys WHERE account_id = $1 AND id = $2"
CALLER: Final = "SELECT account_id, id AS key_id, name AS key_name FROM account_keys WHERE secret_hash = $1 AND active"

# Held while the endpoints of an account's keys are made to fit, and while a company joins it.
LOCK: Final = "SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE"
WEBHOOKS: Final = """
SELECT id, name, webhook_url, active FROM account_keys WHERE account_id = $1 ORDER BY id
"""
WEBHOOK_SECRET: Final = """
SELECT k.webhook_secret FROM companies c JOIN account_keys k ON k.account_id = c.account_id
WHERE c.id = $1 AND k.id = $2
"""
ADOPT: Final = """
WITH old AS (SELECT account_id FROM companies WHERE id = $2)
UPDATE companies SET account_id = $1, updated_at = now() FROM old WHERE id = $2 RETURNING old.account_id
"""
COMPANY_IDS: Final = "SELECT id FROM companies WHERE account_id = $1 ORDER BY id"


def account_of(row: Record) -> Account:
    """One row of `COLUMNS`."""
    return Account(**dict(row.items()))


def key_of(row: Record) -> AccountKey:
    """One row of `KEY_COLUMNS`."""
    return AccountKey(**dict(row.items()))
