"""One-time codes as a second factor (RFC 6238: six digits, 30 seconds), beside a password. API keys need none."""

import time
from typing import Final

import pyotp

from ringmain.core.credentials import one_time_store as store
from ringmain.core.credentials.throttle import Throttle
from ringmain.core.errors import Invalid, NotFound, WrongState
from ringmain.core.seal import Seal
from ringmain.database.pool import Database, Record

STEP: Final = 30
DRIFT: Final = 1
"""Steps that a clock may be ahead or behind."""


class OneTimeCodes:
    """A person's second factor: begun, then on once a first code has proved that it was set up. No code works twice.

    Secrets are kept under `seal`.
    """

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._throttle = Throttle(database)

    async def begin(self, company_id: int, person_id: int, *, account: str, issuer: str) -> tuple[str, str]:
        """A new secret (base32), and the `otpauth:` address that authenticator apps scan, naming `account` at `issuer`.

        What was begun before is replaced. Raises WrongState while the second factor is on, NotFound (the person).
        """
        secret = pyotp.random_base32()
        if await self._database.fetchval(store.BEGIN, company_id, person_id, self._seal.close(secret)) is None:
            if await self.is_on(company_id, person_id):
                raise WrongState("one-time codes are on; turn them off first")
            raise NotFound("person")
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)

    async def confirm(self, company_id: int, person_id: int, code: str, *, now: float | None = None) -> None:
        """Turn it on. Raises WrongState (nothing was begun, or it is on), Invalid (the code is wrong)."""
        row = await self._database.fetchrow(store.GET, company_id, person_id)
        if row is None or row["confirmed_at"] is not None:
            raise WrongState("no one-time codes were begun")
        step = self._step(row, code, now)
        if step is None or not await self._database.fetchval(store.CONFIRM, company_id, person_id, row["secret"], step):
            raise Invalid("code", "is wrong or was used")

    async def is_on(self, company_id: int, person_id: int) -> bool:
        """Whether logins by password need a code."""
        row = await self._database.fetchrow(store.GET, company_id, person_id)
        return row is not None and row["confirmed_at"] is not None

    async def passes(self, company_id: int, person_id: int, code: str | None, *, now: float | None = None) -> bool:
        """Whether the person may log in with this code: it is right and used up by this, or none is needed."""
        row = await self._database.fetchrow(store.GET, company_id, person_id)
        if row is None or row["confirmed_at"] is None:
            return True
        step = self._step(row, code or "", now)
        return step is not None and bool(await self._database.fetchval(store.USE, company_id, person_id, step))

    async def turn_off(self, company_id: int, person_id: int, code: str | None, *, address: str) -> None:
        """Remove it, as its own person does: with a code while it is on. `address` is the network address that asks.

        Raises NotFound, Invalid (the code is wrong), Throttled.
        """
        name = f"code {company_id} {person_id}"
        await self._throttle.count(name, address)
        if not await self.passes(company_id, person_id, code):
            raise Invalid("code", "is missing, wrong or was used")
        await self._throttle.forget(name, address)
        await self.remove(company_id, person_id)

    async def remove(self, company_id: int, person_id: int) -> None:
        """Turn it off, or forget what was begun. Raises NotFound if there is neither."""
        if await self._database.fetchval(store.REMOVE, company_id, person_id) is None:
            raise NotFound("second factor")

    def _step(self, row: Record, code: str, now: float | None) -> int | None:
        return matching_step(self._seal.open(row["secret"]), code, time.time() if now is None else now)


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step whose code this is, at most one from that of `now` (Unix seconds); None if there is none."""
    code = "".join(code.split())
    if not (code.isascii() and code.isdecimal()):
        return None
    totp, current = pyotp.TOTP(secret, interval=STEP), int(now) // STEP
    steps = range(current - DRIFT, current + DRIFT + 1)
    return next((step for step in steps if pyotp.utils.strings_equal(totp.at(step * STEP), code)), None)
