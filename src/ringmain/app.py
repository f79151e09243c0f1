"""The composition root: settings -> parts -> ASGI app. Only this module knows all parts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from importlib.metadata import version

from starlette.types import ASGIApp, Receive, Scope, Send

from ringmain.calendars.build import connecting
from ringmain.carriers import build as carriers
from ringmain.carriers.dispatch import Dispatcher, grouped_receipts
from ringmain.core.errors import Invalid
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.files.removal import Removal
from ringmain.core.files.storage import open_storage
from ringmain.core.mail.port import Mailer
from ringmain.core.mail.queue import MailQueue
from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.news import News
from ringmain.core.outreach.queue import OutreachQueue
from ringmain.core.seal import Seal
from ringmain.core.sealing import open_seal
from ringmain.core.system import Core
from ringmain.core.texting.carrier import CarrierStatus
from ringmain.core.texting.submissions import Submissions
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.pool import Database
from ringmain.database.reach import prepare
from ringmain.database.statistics import Statistics
from ringmain.database.wakeup import Wakeups
from ringmain.delivery.download import Downloader
from ringmain.delivery.egress import EgressGuard
from ringmain.delivery.faces import Face, StandardFace
from ringmain.delivery.relay import Relay
from ringmain.delivery.upkeep import Upkeep
from ringmain.delivery.worker import TIMEOUT, DeliveryWorker
from ringmain.dialects.ringotel import app as ringotel
from ringmain.dialects.ringotel.events import RingotelFace
from ringmain.dialects.ringplan import app as ringplan
from ringmain.dialects.ringplan.events import RingPlanFace
from ringmain.dialects.ringplan.files import MAIL_LINK_LIFETIME, content_path
from ringmain.dialects.ringplan.realtime import RingPlanRealtime
from ringmain.dialects.ringrx import app as ringrx
from ringmain.dialects.ringrx.events import RingRxFace
from ringmain.documents import audio, fax, preview
from ringmain.fax.dispatch import FaxDispatcher
from ringmain.fax.sandbox import FaxSandbox
from ringmain.front import Front, merge
from ringmain.mail.dispatch import MailDispatcher
from ringmain.mail.letter import Sender, Writer
from ringmain.mail.outbox import Outbox
from ringmain.mail.smtp import SmtpMailer, read_url
from ringmain.operator import app as operator
from ringmain.operator.metering import MeteredCarrier, metered, metered_receipts
from ringmain.operator.metrics import Metrics
from ringmain.outreach import pages
from ringmain.outreach.contact import Contact
from ringmain.outreach.engine import Engine
from ringmain.outreach.sandbox import SandboxCaller
from ringmain.pbx.build import adapters
from ringmain.realtime.follower import Follower
from ringmain.realtime.socketio import SocketServer
from ringmain.settings import SettingError, Settings


class Ringmain:
    """One process. `start` makes and starts the parts, in order; `stop` stops them in the opposite order.

    After `start`, `core` may be called and `app` served.
    """

    core: Core
    database: Database
    wakeups: Wakeups
    seal: Seal

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._front = Front({})
        self.sockets: SocketServer | None = None
        self.follower: Follower | None = None
        self.relay: Relay | None = None
        self.deliveries: DeliveryWorker | None = None
        self.dispatcher: Dispatcher | None = None
        self.faxes: FaxDispatcher | None = None
        self.mail: MailDispatcher | None = None
        self.outreach: Engine | None = None
        self._parts = AsyncExitStack()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        await self._front(scope, receive, send)

    async def start(self) -> None:
        """Bring everything up; what came up is taken down again when a part fails.

        Raises DatabaseUnusable, EmbeddedServerError, SettingError.
        """
        try:
            await self._start_core()
            await self._start_roles()
        except BaseException:
            await self._parts.aclose()
            raise

    async def stop(self) -> None:
        """Take everything down, the database last. Requests must have ended."""
        await self._parts.aclose()

    async def hang_up(self) -> None:
        """End realtime connections and long polls, which would otherwise use up the time meant for requests."""
        sockets, self.sockets = self.sockets, None
        if sockets is not None:
            await sockets.close()

    async def _start_core(self) -> None:
        settings = self.settings
        dsn = settings.database_url or await self._start_embedded()
        self.database = Database(dsn, size=settings.pool_size)
        self._parts.push_async_callback(self.database.close)
        await prepare(self.database)
        self.wakeups = Wakeups(self.database)
        await self._start(self.wakeups.start, self.wakeups.stop)
        try:
            self._storage = open_storage(settings.file_place)
        except (ValueError, OSError) as error:
            raise SettingError(f"RINGMAIN_FILE_STORAGE: {error}") from error
        self.seal = await open_seal(self.database, settings)
        self.core = Core(
            *(self.database, self.wakeups, self._storage),
            pbx=adapters(self.database),
            audio=audio,
            fax=fax,
            pictures=preview,
            calendars=connecting(settings, self.seal),
            seal=self.seal,
            meet_url=settings.meet_url,
        )
        if settings.operator_token:
            self.core.credentials.accept_operator_token("environment", settings.operator_token)

    async def _start_embedded(self) -> str:
        server = EmbeddedServer(self.settings.data_dir)
        dsn = await server.start()
        self._parts.push_async_callback(server.stop)
        watching = asyncio.create_task(server.watch())
        self._parts.push_async_callback(_cancel, watching)
        return dsn

    async def _start_roles(self) -> None:
        roles = self.settings.roles
        self.metrics = Metrics(
            self.database, carriers=self._carriers, sockets=lambda: self.sockets.count() if self.sockets else 0
        )
        upkeep = Upkeep(self.database, retention_days=self.settings.retention_days)
        await self._start(upkeep.start, upkeep.stop)
        removal = Removal(self.database, self._storage)
        await self._start(removal.start, removal.stop)
        statistics = Statistics(self.database)
        await self._start(statistics.start, statistics.stop)
        if "relay" in roles:
            await self._start_delivery()
        if "carrier" in roles:
            await self._start_carriers()
            await self._start_faxes()
            await self._start_outreach()
        if "mail" in roles:
            await self._start_mail()
        dialects = await self._start_dialects() if "api" in roles else {}
        self._front = Front(merge([self._operator(), dialects]))

    async def _start_delivery(self) -> None:
        guard = self._guard()
        self.relay = Relay(self.database, self.wakeups)
        await self._start(self.relay.start, self.relay.stop)
        lease = self.settings.lease_seconds
        self.deliveries = DeliveryWorker(
            # A try may take two connections: it must be over, and written down, before its lease is.
            *(self.database, self.wakeups, self._faces(), guard),
            lease=lease,
            timeout=min(TIMEOUT, lease / 3),
            count=self.metrics.count_delivery,
        )
        await self._start(self.deliveries.start, self.deliveries.stop)

    def _guard(self) -> EgressGuard:
        try:
            return EgressGuard(self.settings.egress_allow)
        except ValueError as error:
            raise SettingError(f"RINGMAIN_EGRESS_ALLOW: {error}") from error

    def _faces(self) -> dict[str, Face]:
        core, settings = self.core, self.settings
        faces: list[Face] = [
            StandardFace(),
            RingPlanFace(),
            RingRxFace(core, settings.ringrx_duration),
            RingotelFace(core, settings.base_url),
        ]
        return {face.name: face for face in faces}

    async def _start_carriers(self) -> None:
        lease = timedelta(seconds=self.settings.lease_seconds)
        submissions = Submissions(self.database, self.wakeups, lease=lease)
        receipts = metered_receipts(grouped_receipts(submissions), self.metrics)
        build = carriers.adapters(self.core, submissions, receipts)
        self.dispatcher = Dispatcher(
            submissions, self.wakeups, lambda config: MeteredCarrier(build(config), self.metrics)
        )
        await self._start(self.dispatcher.start, self.dispatcher.stop)

    async def _start_faxes(self) -> None:
        lease = timedelta(seconds=self.settings.lease_seconds)
        queue = FaxQueue(self.database, self.wakeups, self.core.mails, lease=lease)
        self.faxes = FaxDispatcher(queue, self.wakeups, self.core.files, FaxSandbox(self.core.faxes))
        await self._start(self.faxes.start, self.faxes.stop)

    async def _start_outreach(self) -> None:
        core = self.core
        lease = timedelta(seconds=self.settings.lease_seconds)
        queue = OutreachQueue(self.database, self.wakeups, core.mails, lease=lease)
        contact = Contact(queue, core.texting, AnswerLinks(core.credentials, self.settings.base_url))
        self.outreach = Engine(queue, News(self.database, self.wakeups), self.wakeups, contact, SandboxCaller())
        await self._start(self.outreach.start, self.outreach.stop)

    async def _start_mail(self) -> None:
        settings, core = self.settings, self.core

        async def link(company_id: int, file_id: int) -> str:
            path = await core.credentials.sign_link(content_path(company_id, file_id), MAIL_LINK_LIFETIME)
            return f"{settings.base_url}{path}"

        try:
            sender = Sender(settings.mail_from)
        except Invalid as error:
            raise SettingError(f"RINGMAIN_MAIL_FROM: {error.reason}") from error
        kept = timedelta(days=settings.retention_days)
        writer = Writer(sender, core.files, link)
        self.mail = MailDispatcher(MailQueue(self.database), self.wakeups, writer, self._mailer(), kept=kept)
        await self._start(self.mail.start, self.mail.stop)

    def _mailer(self) -> Mailer:
        settings = self.settings
        try:
            return (
                SmtpMailer(read_url(settings.smtp_url)) if settings.smtp_url else Outbox(settings.data_dir / "outbox")
            )
        except (ValueError, OSError) as error:
            name = "RINGMAIN_SMTP_URL" if settings.smtp_url else "RINGMAIN_DATA_DIR"
            raise SettingError(f"{name}: {error}") from error

    async def _start_dialects(self) -> dict[str, ASGIApp]:
        self.sockets = SocketServer()
        self._parts.push_async_callback(self.hang_up)
        self.follower = Follower(self.database, self.wakeups)
        self.follower.subscribe(RingPlanRealtime(self.core, self.sockets).push)
        await self._start(self.follower.start, self.follower.stop)
        settings = self.settings
        apps = ringplan.build(self.core, settings.base_url, self.sockets, login_origins=settings.login_origins)
        download = Downloader(self._guard())
        await self._start(download.start, download.stop)
        calls = ringotel.build(self.core, settings.base_url, download, error_status=settings.ringotel_error_status)
        return merge(
            [
                metered(apps, "ringplan", self.metrics),
                metered(
                    ringrx.build(self.core, settings.base_url, unit=settings.ringrx_duration), "ringrx", self.metrics
                ),
                metered(calls, "ringotel", self.metrics),
                metered(pages.build(self.core), "outreach", self.metrics),
            ]
        )

    def _operator(self) -> dict[str, ASGIApp]:
        return operator.build(
            self.core,
            metrics=self.metrics,
            version=version("ringmain"),
            roles=self.settings.roles,
            carriers=self._carriers,
            loops=self._loops,
            metrics_token=self.settings.metrics_token,
        )

    def _carriers(self) -> Sequence[CarrierStatus]:
        return self.dispatcher.statuses() if self.dispatcher else []

    def _loops(self) -> dict[str, bool]:
        loops = {"listening": self.wakeups.connected}
        parts = {
            "following": self.follower,
            "relay": self.relay,
            "deliveries": self.deliveries,
            "carriers": self.dispatcher,
            "faxes": self.faxes,
            "mail": self.mail,
            "outreach": self.outreach,
        }
        return loops | {name: part.alive for name, part in parts.items() if part is not None}

    async def _start(self, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
        await start()
        self._parts.push_async_callback(stop)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
