"""Verbs on credentials: who is calling."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import asyncpg

from ringmain.core.credentials import session_store, store
from ringmain.core.credentials.cache import CredentialCache
from ringmain.core.credentials.model import ApiKey, Caller, Grant, Login, NewApiKey
from ringmain.core.credentials.one_time_codes import OneTimeCodes
from ringmain.core.credentials.passwords import hash_again, hash_password, kind_of, verify_password
from ringmain.core.credentials.signing import SigningKeys
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unauthenticated
from ringmain.core.ids import MAX_ID
from ringmain.core.seal import Seal
from ringmain.database.pool import Database
from ringmain.database.wakeup import CREDENTIALS, Wakeups

PRIMARY: Final = "primary"
DIALECTS: Final = ("ringplan", "ringrx", "ringcentral")
"""Those whose keys are a company's. Ringotel's are an account's (core/accounts)."""
SHORTEST_SECRET: Final = 24
OTHER_HASHES: Final = 4
"""How many a login tries beside those with the salt of its name."""


class Credentials:
    """API keys, user tokens, passwords, operator tokens, signed links. Secrets are stored as sha256 or argon2id.

    What must be read again is kept under `seal`. Without it nobody else can read it.
    """

    def __init__(self, database: Database, wakeups: Wakeups, seal: Seal | None = None) -> None:
        self._database = database
        self._wakeups = wakeups
        self.one_time_codes = OneTimeCodes(database, seal or Seal.passing())
        self._signing = SigningKeys(database)
        self._callers: CredentialCache[Caller] = CredentialCache(wakeups)
        self._operators: CredentialCache[str] = CredentialCache(wakeups)
        self._given_operators: dict[bytes, str] = {}

    # API keys

    async def create_api_key(
        self, company_id: int, dialect: str, name: str, *, person_id: int | None = None, secret: str | None = None
    ) -> NewApiKey:
        """Make a key of a dialect, with a secret of 256 random bits unless one is given.

        Raises Invalid, AlreadyExists (the name in this dialect, or the secret), NotFound (the person).
        """
        if dialect not in DIALECTS:
            raise Invalid("dialect", f"must be one of {', '.join(DIALECTS)}")
        if not name.strip():
            raise Invalid("name", "must not be empty")
        if secret is None:
            secret = secrets.token_urlsafe(32)
        elif len(secret) < SHORTEST_SECRET:
            raise Invalid("secret", f"must have at least {SHORTEST_SECRET} characters, best 256 random bits")
        token = secrets.token_hex(16)
        try:
            row = await self._database.fetchrow(
                store.CREATE_KEY, company_id, dialect, name, person_id, token, _sha256(secret)
            )
        except asyncpg.UniqueViolationError as error:
            if error.as_dict().get("constraint_name") == "api_keys_secret":
                raise AlreadyExists("this secret is in use") from error
            raise AlreadyExists(f"a {dialect} key named {name!r} exists") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        if row is None:
            raise NotFound("person")
        return NewApiKey(key=store.key_of(row), secret=secret)

    async def list_api_keys(self, company_id: int) -> list[ApiKey]:
        """All keys of a company, oldest first, without their secrets."""
        return [store.key_of(row) for row in await self._database.fetch(store.LIST_KEYS, company_id)]

    async def find_api_key(self, company_id: int, dialect: str, token: str) -> ApiKey:
        """By its public half. Raises NotFound."""
        row = await self._database.fetchrow(store.FIND_KEY, company_id, dialect, token)
        if row is None:
            raise NotFound("API key")
        return store.key_of(row)

    async def revoke_api_key(self, company_id: int, key_id: int) -> ApiKey:
        """End a key at once: who hears of it forgets it, who cannot hear trusts no cache. Raises NotFound."""
        row = await self._database.fetchrow(store.REVOKE_KEY, company_id, key_id)
        if row is None:
            raise NotFound("API key")
        self._wakeups.wake(CREDENTIALS)
        return store.key_of(row)

    async def has_secret(self, company_id: int, key_id: int, secret: str) -> bool:
        """Whether this is the key's secret."""
        return bool(await self._database.fetchval(store.HAS_SECRET, company_id, key_id, _sha256(secret)))

    async def caller_by_api_key(self, dialect: str, secret: str, person: str | int | None) -> Caller:
        """Who calls with this key, as `person`: "primary" (the owner), a core person id, or None (whom it is bound to).

        Raises Unauthenticated: no such key in this dialect, no such active person in its company, or another
        person than the key is bound to.
        """
        hashed = _sha256(secret)

        async def look_up() -> Caller:
            row = await self._database.fetchrow(
                store.CALLER_BY_KEY, hashed, dialect, _person_id(person), person == PRIMARY
            )
            return _authenticated(row, "unknown API key or person")

        return await self._callers.get((dialect, hashed, str(person)), look_up)

    # People

    async def set_password(self, company_id: int, person_id: int, password: str) -> None:
        """Whoever logged in with the one before is logged out. Raises Invalid (too short), NotFound."""
        salt = await self._database.fetchval(store.SALT, company_id, person_id)
        if salt is None:
            raise NotFound("person")
        hashed = await hash_password(password, salt)
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK_PERSON, company_id, person_id)
            changed = await connection.fetchval(store.SET_PASSWORD, company_id, person_id, hashed)
        if changed is None:
            raise NotFound("person")
        self.announce()

    async def has_password(self, company_id: int, person_id: int, password: str) -> bool:
        """Whether this is the person's password."""
        return await verify_password(await self._database.fetchval(store.PASSWORD, company_id, person_id), password)

    async def log_in(self, name: str, password: str, *, code: str | None = None) -> Login:
        """Who logs in with this e-mail or login name, of whatever company the password fits. Raises Unauthenticated.

        `code`: from the person's second factor, which must be right where there is one. It costs a hash or two, and
        never more than `OTHER_HASHES` besides.
        """
        rows = await self._database.fetch(store.PASSWORDS_OF_NAME, name, OTHER_HASHES)
        tried: dict[str, str | None] = {}
        for row in rows:
            kind = kind_of(row["password_hash"])
            if kind not in tried:
                tried[kind] = await hash_again(kind, password)
            hashed = tried[kind]
            if hashed is None or not hmac.compare_digest(hashed, row["password_hash"]):
                continue
            if await self.one_time_codes.passes(row["company_id"], row["id"], code):
                return await self._logged_in(row, name, password)
        if not rows:
            await verify_password(None, password)
        raise Unauthenticated("unknown e-mail or wrong password")

    async def _logged_in(self, row: asyncpg.Record, name: str, password: str) -> Login:
        company_id, person_id = row["company_id"], row["id"]
        salted = None
        if not row["salted"]:
            salted = await hash_password(password, await self._database.fetchval(store.SALT_OF_NAME, name))
        hashed = await self._database.fetchval(store.LOGGED_IN, company_id, person_id, row["password_hash"], salted)
        if hashed is None:
            raise Unauthenticated("the password was changed at this moment")
        caller = _authenticated(
            await self._database.fetchrow(store.CALLER, company_id, person_id), "the person is gone or inactive"
        )
        return Login(caller=caller, password_hash=hashed)

    async def issue_user_token(
        self, company_id: int, person_id: int, lifetime_s: int, *, session_id: int | None = None
    ) -> str:
        """A token (JWT) with which a person calls for `lifetime_s` seconds, and no longer than their session lasts.

        Without one it is a session of its own. Raises NotFound (nobody, or inactive).
        """
        if session_id is None:
            lifetime = timedelta(seconds=lifetime_s)
            session_id = await self._database.fetchval(
                session_store.BEGIN, company_id, person_id, secrets.token_bytes(32), lifetime, None
            )
            if session_id is None:
                raise NotFound("person")
        return await self._signing.issue_token(company_id, person_id, lifetime_s, session=str(session_id))

    async def successor_of(self, token: str) -> str:
        """The refresh token that takes the place of this one."""
        return await self._signing.successor(token)

    async def caller_by_user_token(self, token: str) -> Caller:
        """Raises Unauthenticated: not ours, expired, of another dialect, its session has ended, the person is inactive.

        Logging out ends sessions, and so do a new password and deactivation.
        """
        claims = await self._signing.read_token(token)
        if claims.aud or claims.grant or not claims.session:
            raise Unauthenticated("a token of another dialect, or of no session")
        who = (int(claims.company), int(claims.sub), int(claims.session))
        # No cache, as for grants.
        row = await self._database.fetchrow(store.CALLER_BY_SESSION, *who)
        return _authenticated(row, "the session has ended, or the person is inactive")

    async def issue_access_token(self, grant: Grant, audience: str, lifetime_s: int) -> str:
        """A token (JWT) for one dialect, which lives for `lifetime_s` seconds and no longer than its grant."""
        key = {} if grant.key_id is None else {"key": str(grant.key_id)}
        return await self._signing.issue_token(
            grant.company_id, grant.person_id, lifetime_s, aud=audience, grant=str(grant.id), **key
        )

    async def caller_by_access_token(self, audience: str, token: str) -> Caller:
        """Raises Unauthenticated: not ours, of another dialect, expired, its grant has ended, the person is inactive.

        Keys that are revoked, and passwords that change, end grants.
        """
        claims = await self._signing.read_token(token)
        if claims.aud != audience or not claims.grant:
            raise Unauthenticated("a token of another dialect")
        # No cache: what was ended at one node must not pass at another while the wake-up is on its way.
        row = await self._database.fetchrow(store.CALLER_BY_GRANT, int(claims.company), int(claims.grant), audience)
        return _authenticated(row, "the grant has ended, or the person is inactive")

    def announce(self) -> None:
        """Tell every process that credentials changed: what was looked up is forgotten, sockets are checked again."""
        self._wakeups.wake(CREDENTIALS)

    # Operators

    async def create_operator_token(self, name: str, token: str | None = None) -> str:
        """A token for the operator API. One of the same name is replaced and ends at once. Raises Invalid."""
        if not name.strip():
            raise Invalid("name", "must not be empty")
        if token is None:
            token = secrets.token_urlsafe(32)
        _check_operator_token(token)
        try:
            await self._database.execute(store.SET_OPERATOR_TOKEN, name, _sha256(token))
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("this token is in use under another name") from error
        self._wakeups.wake(CREDENTIALS)
        return token

    def accept_operator_token(self, name: str, token: str) -> None:
        """Accept this token in this process only: one from the environment ends with it. Raises Invalid."""
        _check_operator_token(token)
        self._given_operators[_sha256(token)] = name

    async def check_operator_token(self, token: str) -> str:
        """Its name. Raises Unauthenticated."""
        hashed = _sha256(token)
        given = self._given_operators.get(hashed)
        if given is not None:
            return given

        async def look_up() -> str:
            name = await self._database.fetchval(store.OPERATOR, hashed)
            if name is None:
                raise Unauthenticated("unknown operator token")
            return str(name)

        return await self._operators.get(hashed, look_up)

    # Links

    async def sign_link(self, path: str, lifetime_s: int) -> str:
        """The path with a query that `check_link` accepts for `lifetime_s` seconds."""
        return await self._signing.sign_link(path, lifetime_s)

    async def check_link(self, path: str, query: Mapping[str, str]) -> None:
        """`query` holds expires, key and signature. Raises Forbidden."""
        await self._signing.check_link(path, query)


def _check_operator_token(token: str) -> None:
    if len(token) < SHORTEST_SECRET:
        raise Invalid("token", f"must have at least {SHORTEST_SECRET} characters, best 256 random bits")


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _person_id(person: str | int | None) -> int | None:
    """The id; for what is no id, 0, which is nobody's."""
    if person is None or person == PRIMARY:
        return None
    try:
        number = int(person)
    except ValueError:
        return 0
    return number if 0 < number <= MAX_ID else 0


def _authenticated(row: asyncpg.Record | None, reason: str) -> Caller:
    if row is None:
        raise Unauthenticated(reason)
    return store.caller_of(row)
