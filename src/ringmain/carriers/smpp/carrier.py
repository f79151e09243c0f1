"""The SMPP carrier: joins the supervised link to the core's port (core/texting/carrier.py).

Inbound PDUs are kept before they are acknowledged; parts of long texts too. Rules: specs/messaging.md 1.6.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
import structlog

from ringmain.core.errors import CoreError, Invalid, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.texting import carrier as port
from ringmain.core.texting.service import Texting
from ringmain.core.texting.submissions import CarrierConfig, InboundPart, PartKey, Submissions

from . import pdu as p
from . import reassembly, submit
from . import status as codes
from .link import Link, LinkConfig
from .message_text import Alphabet, decode_text
from .receipts import MessageIdFormat, canonical_id, is_receipt, parse_receipt
from .session import BindMode, BindParameters, SessionLimits

log = structlog.get_logger()

INVALID_DESTINATION: Final = 0x0B
UPKEEP_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0

Receipts = Callable[[Sequence[port.Receipt]], Awaitable[None]]


class SmppSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `settings` of an smpp carrier may hold; times in seconds.

    `tps` is the contracted rate. `on_unknown`: what to do with a text that went out unanswered when the link was
    lost: "resend" it under the same reference after `resend_after` (it may arrive twice), or "hold" it.
    `country` is how numbers without + are read.
    """

    host: str
    port: int = 2775
    system_id: str
    password: str
    system_type: str = ""
    mode: BindMode = "transceiver"
    binds: int = 1
    window: int = 50
    tps: float = 50.0
    tls: bool = False
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    server_hostname: str | None = None
    response_timeout: float = 10.0
    enquire_interval: float = 30.0
    enquire_timeout: float = 10.0
    throttle_patience: float = 5.0
    default_alphabet: Alphabet = "gsm7"
    concatenation: submit.Concatenation = "udh8"
    e164: tuple[int, int] = (1, 1)
    keep_plus: bool = False
    vendor_reference: bool = True
    response_ids: MessageIdFormat = "string"
    receipt_ids: MessageIdFormat = "string"
    on_unknown: Literal["resend", "hold"] = "resend"
    resend_after: float = 5.0
    country: str = "US"
    parts_expire: float = 6 * 3600.0


class Smpp:
    """Carrier adapter over one SMPP account."""

    kind = "smpp"

    def __init__(self, config: CarrierConfig, texting: Texting, submissions: Submissions, receipts: Receipts) -> None:
        """Raises ValueError when the settings cannot work."""
        try:
            settings = msgspec.json.decode(config.settings, type=SmppSettings)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        self.name = config.name
        self.settings = settings
        self._texting = texting
        self._submissions = submissions
        self._receipts = receipts
        self._upkeep: asyncio.Task[None] | None = None
        self._options = submit.SubmitOptions(
            default_alphabet=settings.default_alphabet,
            concatenation=settings.concatenation,
            e164=settings.e164,
            keep_plus=settings.keep_plus,
            vendor_reference=settings.vendor_reference,
        )
        self._link = Link(_link_config(config.name, settings), self._deliver)

    async def start(self) -> None:
        """Begin to bind."""
        await self._link.start()
        self._upkeep = asyncio.create_task(self._give_up_parts())

    async def stop(self) -> None:
        """Finish what is in flight and unbind."""
        if self._upkeep:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
        await self._link.stop()

    def capacity(self) -> int:
        """What the rate and the windows allow."""
        return self._link.appetite()

    def status(self) -> port.CarrierStatus:
        """The state of the link: bound is ready."""
        link = self._link.status()
        detail: dict[str, int | float | str | bool] = {
            "rate": link.rate,
            "in_flight": link.in_flight,
            "submitted": link.submitted,
            "throttled": link.throttled,
            "binds": len(link.binds),
            "bound": sum(bind.state == "bound" for bind in link.binds),
        }
        return port.CarrierStatus(
            name=self.name,
            kind=self.kind,
            state="ready" if link.state == "bound" else link.state,
            since=link.since,
            last_error=link.last_error,
            detail=detail,
        )

    async def send(self, submission: port.Submission) -> port.Outcome:
        """Submit every part; the whole is accepted once all are."""
        if submission.file_ids:
            return port.Rejected(code="no_mms", text="this carrier carries text only")
        if submission.interrupted and self.settings.on_unknown == "hold":
            return port.Unknown(text="its process died while it was being sent", resend_seconds=None)
        pdus = submit.build(
            source=submission.sender,
            destination=submission.recipient,
            text=submission.text,
            reference=submission.id,
            options=self._options,
        )
        if len(pdus) == 1:
            return self._outcome([await self._submit(pdus[0])])
        return self._outcome(await asyncio.gather(*(self._submit(pdu) for pdu in pdus)))

    async def _submit(self, pdu: p.SubmitSm) -> str | codes.SmppError:
        try:
            return canonical_id(await self._link.submit(pdu), self.settings.response_ids)
        except codes.SmppError as error:
            return error

    def _outcome(self, results: Sequence[str | codes.SmppError]) -> port.Outcome:
        references = [result for result in results if isinstance(result, str)]
        errors = [result for result in results if not isinstance(result, str)]
        if not errors:
            return port.Accepted(references=references)
        refused = [error for error in errors if isinstance(error, codes.Refused)]
        for error in refused:
            if error.status not in codes.TEMPORARY:
                return port.Rejected(code=codes.status_name(error.status), text="refused by the carrier")
        # Some parts went out: the whole message's outcome is as unknown as that of an unanswered one.
        if references or any(isinstance(error, codes.OutcomeUnknown) for error in errors):
            seconds = self.settings.resend_after if self.settings.on_unknown == "resend" else None
            return port.Unknown(text=str(errors[0]), resend_seconds=seconds)
        code = codes.status_name(refused[0].status) if refused else "not_bound"
        return port.Postponed(seconds=RETRY_SECONDS, code=code, text=str(errors[0]))

    async def _deliver(self, message: p.DeliverSm | p.DataSm) -> int:
        """Keep what came in; the status returned is the acknowledgement."""
        if is_receipt(message):
            receipt = parse_receipt(message, self.settings.receipt_ids)
            if receipt and receipt.message_id and receipt.state in ("delivered", "failed"):
                state: Literal["delivered", "failed"] = "delivered" if receipt.state == "delivered" else "failed"
                await self._receipts(
                    [
                        port.Receipt(
                            carrier=self.name,
                            reference=receipt.message_id,
                            state=state,
                            error_code=None
                            if state == "delivered"
                            else f"{receipt.stat} {receipt.error or ''}".strip(),
                        )
                    ]
                )
            return codes.OK
        part = reassembly.parse_part(message)
        if part.whole:
            text = decode_text(part.payload, part.data_coding, self.settings.default_alphabet)
            return await self._receive(part.key.source, part.key.destination, text, None)
        key = PartKey(self.name, part.key.source, part.key.destination, part.key.reference, part.key.total)
        mine = InboundPart(key=key, part=part.index, data_coding=part.data_coding, payload=part.payload)
        kept = await self._submissions.keep_part(mine)
        if not any(_same(one, mine) for one in kept):  # the rest of an older text never came, and its reference did
            answer = await self._join(key, kept)
            if answer == codes.TEMPORARY_APPLICATION_ERROR:
                return answer
            kept = await self._submissions.keep_part(mine)
        return await self._join(key, kept) if len(kept) == key.total else codes.OK

    async def _join(self, key: PartKey, kept: Sequence[InboundPart]) -> int:
        """Hand on what came of a text."""
        shared = reassembly.PartKey(key.source, key.destination, key.reference, key.total)
        parts = [reassembly.Part(shared, one.part, one.data_coding, one.payload) for one in kept]
        text = reassembly.join(parts, self.settings.default_alphabet, partial=True)
        if text is None:
            return codes.OK
        if len(kept) < key.total and await self._submissions.came_before(kept):
            # Its acknowledgement was lost with its process, so it came again.
            await self._submissions.drop_parts(kept)
            return codes.OK
        first = min(one.received_at for one in kept if one.received_at)
        # The same set joined again after a crash gives the same reference, so it is kept once.
        reference = f"{key.source}-{key.destination}-{key.reference}-{key.total}-{first.timestamp():.6f}"
        if len(kept) < key.total:
            reference += f"-{len(kept)}"
        answer = await self._receive(key.source, key.destination, text, reference)
        if answer != codes.TEMPORARY_APPLICATION_ERROR:  # then the last part comes again, and finds the others here
            await self._submissions.drop_parts(kept)
        return answer

    async def _receive(self, source: str, destination: str, text: str, reference: str | None) -> int:
        inbound = port.InboundText(
            carrier=self.name,
            sender=self._number(source),
            recipient=self._number(destination),
            text=text,
            reference=reference,
        )
        try:
            await self._texting.receive(inbound)
        except NotFound:
            log.warning("text for a number that is not ours", carrier=self.name)
            return INVALID_DESTINATION
        except CoreError as error:
            log.warning("text that cannot be kept", carrier=self.name, error=str(error))
            return codes.OK if isinstance(error, Invalid) else codes.TEMPORARY_APPLICATION_ERROR
        return codes.OK

    def _number(self, address: str) -> str:
        """E.164 where it is a telephone number; short codes and names stay as they are."""
        digits = address.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()) or len(digits) <= 8:
            return address
        for text in (f"+{digits}", digits):
            try:
                return normalise(text, self.settings.country)
            except Invalid:
                continue
        return address

    async def _give_up_parts(self) -> None:
        """Long texts whose rest never comes are handed on as far as they came."""
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            try:
                await self.give_up_parts(datetime.now(UTC))
            except Exception as error:
                log.warning("upkeep of parts failed", carrier=self.name, error=repr(error))

    async def give_up_parts(self, now: datetime) -> None:
        """Hand on the incomplete texts that will wait no longer at this time."""
        pending = [
            reassembly.PendingSet(reassembly.PartKey(key.source, key.destination, key.reference, key.total), first_at)
            for key, first_at in await self._submissions.pending_parts(self.name)
        ]
        expiry = timedelta(seconds=self.settings.parts_expire)
        for given_up in reassembly.to_give_up(pending, now=now, expiry=expiry):
            key = PartKey(self.name, given_up.source, given_up.destination, given_up.reference, given_up.total)
            await self._join(key, await self._submissions.parts(key))
        await self._submissions.forget_joined()


def _same(one: InboundPart, other: InboundPart) -> bool:
    return (one.part, one.data_coding, one.payload) == (other.part, other.data_coding, other.payload)


def _link_config(name: str, settings: SmppSettings) -> LinkConfig:
    return LinkConfig(
        name=name,
        host=settings.host,
        port=settings.port,
        bind=BindParameters(
            system_id=settings.system_id,
            password=settings.password,
            system_type=settings.system_type,
            mode=settings.mode,
        ),
        binds=settings.binds,
        tls=_tls_context(settings),
        server_hostname=settings.server_hostname,
        limits=SessionLimits(
            window=settings.window,
            response_timeout=settings.response_timeout,
            enquire_interval=settings.enquire_interval,
            enquire_timeout=settings.enquire_timeout,
        ),
        tps=settings.tps,
        throttle_patience=settings.throttle_patience,
    )


def _tls_context(settings: SmppSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except OSError as error:
        raise ValueError(f"TLS files cannot be used: {error}") from error
    return context
