"""User tokens (JWT, HS256) and expiring links, signed with the newest key of the table `signing_keys`."""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ringmain.core.credentials import store
from ringmain.core.errors import Forbidden, Unauthenticated
from ringmain.database.pool import Database

ISSUER: Final = "ringmain"


class TokenClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a user token says: who, of which company, until when (Unix seconds).

    `aud`, the dialect, and `grant` are said by tokens that live by a grant; `key` says which key that was minted from.
    `session` is said by those that live by a session.
    """

    iss: str
    sub: str
    company: str
    exp: int
    aud: str = ""
    grant: str = ""
    key: str = ""
    session: str = ""


class SigningKeys:
    """The keys, read once and again when a signature names one that is not known yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[int, bytes] = {}

    async def issue_token(self, company_id: int, person_id: int, lifetime_s: int, **claims_besides: str) -> str:
        """A JWT for a person. `claims_besides`: aud, grant, key, session."""
        key_id, secret = await self._newest()
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": ISSUER,
            "sub": str(person_id),
            "company": str(company_id),
            "iat": now,
            "exp": now + lifetime_s,
            "jti": secrets.token_urlsafe(12),
            **claims_besides,
        }
        return jwt.encode({"alg": "HS256", "kid": str(key_id)}, claims, OctKey.import_key(secret), ["HS256"])

    async def read_token(self, token: str) -> TokenClaims:
        """Raises Unauthenticated for a token that is not ours, was changed or has expired."""
        try:
            secret = await self._by_id(_key_id_of(token))
            decoded = jwt.decode(token, OctKey.import_key(secret), ["HS256"])
            claims = msgspec.convert(decoded.claims, TokenClaims)
        except (JoseError, ValueError, RecursionError) as error:  # its header is anybody's JSON, and may be nested
            raise Unauthenticated("not a valid token") from error
        if claims.iss != ISSUER or claims.exp <= time.time():
            raise Unauthenticated("the token has expired")
        return claims

    async def sign_link(self, path: str, lifetime_s: int) -> str:
        """The path with a query that `check_link` accepts for `lifetime_s` seconds."""
        key_id, secret = await self._newest()
        expires = int(time.time()) + lifetime_s
        return f"{path}?expires={expires}&key={key_id}&signature={_signature(secret, path, expires)}"

    async def check_link(self, path: str, query: Mapping[str, str]) -> None:
        """Raises Forbidden for another path, a changed query, or when it has expired."""
        try:
            expires = int(query["expires"])
            secret = await self._by_id(int(query["key"]))
            signature = query["signature"]
        except (KeyError, ValueError, Unauthenticated) as error:
            raise Forbidden("the link is not signed") from error
        expected = _signature(secret, path, expires)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Forbidden("the link's signature is wrong")
        if expires <= time.time():
            raise Forbidden("the link has expired")

    async def successor(self, token: str) -> str:
        """The token that takes the place of this one: always the same, and nobody else can tell it."""
        _, secret = await self._newest()
        digest = hmac.digest(secret, f"successor\n{token}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")

    async def _newest(self) -> tuple[int, bytes]:
        if not self._keys:
            await self._load()
        if not self._keys:
            async with self._database.transaction() as connection:
                await connection.execute(store.LOCK_SIGNING_KEYS)
                await connection.execute(store.FIRST_SIGNING_KEY, secrets.token_bytes(32))
            await self._load()
        newest = max(self._keys)
        return newest, self._keys[newest]

    async def _by_id(self, key_id: int) -> bytes:
        if key_id not in self._keys:
            await self._load()
        try:
            return self._keys[key_id]
        except KeyError:
            raise Unauthenticated("signed with an unknown key") from None

    async def _load(self) -> None:
        self._keys = {row["id"]: row["secret"] for row in await self._database.fetch(store.SIGNING_KEYS)}


def _signature(secret: bytes, path: str, expires: int) -> str:
    # The purpose is part of what is signed: a link's signature can never pass for a token's.
    signed = f"link\n{path}\n{expires}".encode()
    return urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode().rstrip("=")


class _Header(msgspec.Struct):
    kid: str


def _key_id_of(token: str) -> int:
    """Raises ValueError for what has no readable header."""
    encoded = token.split(".", 1)[0]
    header = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return int(msgspec.json.decode(header, type=_Header).kid)
