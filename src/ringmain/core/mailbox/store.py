"""SQL of mailboxes. $1 company; $3 the person whose mailboxes are looked at, NULL for everybody's."""

from typing import Final

from ringmain.core.mailbox.model import Folder

MINE_VOICEMAIL: Final = """(
    $3::bigint IS NULL
    OR v.extension_id IN (SELECT e.id FROM extensions e WHERE e.company_id = $1 AND e.person_id = $3))"""
MINE_FAX: Final = """(
    $3::bigint IS NULL OR f.author_id = $3 OR f.own_number IN (
        SELECT n.number FROM people p JOIN numbers n ON n.company_id = p.company_id
            AND lower(p.email) = ANY (n.owner_emails)
        WHERE p.company_id = $1 AND p.id = $3))"""

# The mailbox of a fax number: the first extension of the first of its owners who has one.
BOXES: Final = """
boxes AS MATERIALIZED (
    SELECT DISTINCT ON (n.number) n.number, e.number AS extension
    FROM numbers n CROSS JOIN LATERAL unnest(n.owner_emails) WITH ORDINALITY AS o (email, turn)
    JOIN people p ON p.company_id = n.company_id AND lower(p.email) = o.email
    JOIN extensions e ON e.company_id = p.company_id AND e.person_id = p.id
    WHERE n.company_id = $1 AND n.fax
    ORDER BY n.number, o.turn, e.instance_id, e.number
)
"""
VOICEMAIL_COLUMNS: Final = """
'voicemail' AS kind, v.received_at AS at, v.id, v.extension_number AS mailbox,
CASE WHEN v.trashed_at IS NULL THEN 'inbox' ELSE 'trash' END AS folder, NULL::bigint AS pages_id,
voicemail_json(v)::text AS item
"""
FAX_COLUMNS: Final = """
'fax' AS kind, f.created_at AS at, f.id, (SELECT b.extension FROM boxes b WHERE b.number = f.own_number) AS mailbox,
CASE WHEN f.trashed_at IS NOT NULL THEN 'trash' WHEN f.direction = 'inbound' THEN 'inbox'
    WHEN f.state = 'sent' THEN 'sent' ELSE 'outbox' END AS folder, f.tiff_id AS pages_id,
fax_json(f)::text AS item
"""


def _voicemails(which: str) -> str:
    return f"""(
    SELECT {VOICEMAIL_COLUMNS} FROM voicemails v WHERE v.company_id = $1 AND {which} AND {MINE_VOICEMAIL}
    ORDER BY v.received_at DESC, v.id DESC LIMIT $2)"""


def _faxes(which: str) -> str:
    return f"""(
    SELECT {FAX_COLUMNS} FROM faxes f WHERE f.company_id = $1 AND {which} AND {MINE_FAX}
    ORDER BY f.created_at DESC, f.id DESC LIMIT $2)"""


def _list(*parts: str) -> str:
    return f"""WITH {BOXES} SELECT kind, mailbox, folder, pages_id, item FROM ({" UNION ALL ".join(parts)}) AS merged
    ORDER BY at DESC, id DESC LIMIT $2"""


# Newest first. $2: how many at most, NULL for all
LIST: Final[dict[Folder, str]] = {
    "inbox": _list(_voicemails("v.deleted_at IS NULL"), _faxes("f.deleted_at IS NULL AND f.folder = 'inbound'")),
    "outbox": _list(
        _faxes("f.deleted_at IS NULL AND f.folder IN ('outbound', 'scheduled') AND f.state <> 'sent'"),
    ),
    "sent": _list(_faxes("f.deleted_at IS NULL AND f.folder = 'outbound' AND f.state = 'sent'")),
    "trash": _list(_voicemails("v.trashed_at IS NOT NULL"), _faxes("f.trashed_at IS NOT NULL")),
}

# $2 the id
GET: Final = f"""
WITH {BOXES}
SELECT kind, mailbox, folder, pages_id, item FROM (
    SELECT {VOICEMAIL_COLUMNS} FROM voicemails v
    WHERE v.company_id = $1 AND v.id = $2 AND (v.deleted_at IS NULL OR v.trashed_at IS NOT NULL) AND {MINE_VOICEMAIL}
    UNION ALL
    SELECT {FAX_COLUMNS} FROM faxes f
    WHERE f.company_id = $1 AND f.id = $2 AND (f.deleted_at IS NULL OR f.trashed_at IS NOT NULL) AND {MINE_FAX}
) AS one
"""


def _told(thing: str, change: str, event: str, order_key: str) -> str:
    """Change a voicemail or a fax, which `change` returns by its kind's name, and tell of it."""
    return f"""
WITH changed AS ({change}), shown AS MATERIALIZED (
    SELECT {thing}_json({thing}) AS {thing} FROM changed
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, '{thing}.{event}', $2, {order_key}, $3, jsonb_build_object('{thing}', {thing}) FROM shown
)
SELECT count(*) FROM shown
"""


def _voicemail_told(change: str, event: str) -> str:
    return _told("voicemail", change, event, "coalesce(voicemail ->> 'extension_id', voicemail ->> 'id')::bigint")


def _fax_told(change: str, event: str) -> str:
    return _told("fax", change, event, "$2")


# For everybody else it is deleted.
TRASH_VOICEMAIL: Final = _voicemail_told(
    """
    UPDATE voicemails v SET deleted_at = now(), trashed_at = now(), updated_at = now()
    WHERE v.company_id = $1 AND v.id = $2 AND v.deleted_at IS NULL
    RETURNING v AS voicemail
""",
    "deleted",
)
RESTORE_VOICEMAIL: Final = _voicemail_told(
    """
    UPDATE voicemails v SET deleted_at = NULL, trashed_at = NULL, updated_at = now()
    WHERE v.company_id = $1 AND v.id = $2 AND v.trashed_at IS NOT NULL
    RETURNING v AS voicemail
""",
    "updated",
)
# Nobody hears of it: it was deleted for them before.
PURGE_VOICEMAIL: Final = """
UPDATE voicemails SET trashed_at = NULL, updated_at = now()
WHERE company_id = $1 AND id = $2 AND trashed_at IS NOT NULL
RETURNING ARRAY[file_id]
"""

# One that was not sent yet will not be; on the line, it is hung up when its lease would be renewed.
TRASH_FAX: Final = _fax_told(
    """
    UPDATE faxes f SET deleted_at = now(), trashed_at = now(), updated_at = now(), due_at = NULL,
        state = CASE WHEN unsent.so THEN 'failed' ELSE f.state END,
        error_code = CASE WHEN unsent.so THEN 'cancelled' ELSE f.error_code END,
        error_text = CASE WHEN unsent.so THEN 'it was put into the trash before it was sent' ELSE f.error_text END
    FROM (
        SELECT id, state IN ('scheduled', 'queued', 'sending') AS so FROM faxes
        WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
    ) AS unsent
    WHERE f.company_id = $1 AND f.id = unsent.id
    RETURNING f AS fax
""",
    "deleted",
)
RESTORE_FAX: Final = _fax_told(
    """
    UPDATE faxes f SET deleted_at = NULL, trashed_at = NULL, updated_at = now()
    WHERE f.company_id = $1 AND f.id = $2 AND f.trashed_at IS NOT NULL
    RETURNING f AS fax
""",
    "updated",
)
PURGE_FAX: Final = """
UPDATE faxes SET trashed_at = NULL, updated_at = now()
WHERE company_id = $1 AND id = $2 AND trashed_at IS NOT NULL
RETURNING ARRAY[file_id, preview_id, tiff_id]
"""
