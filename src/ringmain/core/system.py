"""The phone system: its services, sharing one database, one set of wake-ups and one file store."""

from collections.abc import Mapping

from obstore.store import ObjectStore

from ringmain.core.accounts.records import AccountRecords
from ringmain.core.accounts.service import Accounts
from ringmain.core.agents.service import Agents
from ringmain.core.calendars.service import Calendars, Connecting
from ringmain.core.calls.click_to_call import ClickToCall
from ringmain.core.calls.sandbox import SandboxCalls
from ringmain.core.calls.service import Calls
from ringmain.core.companies.service import Companies
from ringmain.core.credentials.grants import Grants
from ringmain.core.credentials.service import Credentials
from ringmain.core.credentials.sessions import Sessions
from ringmain.core.devices.service import Devices
from ringmain.core.directory.contact_lists import ContactLists
from ringmain.core.directory.service import Directory
from ringmain.core.extensions.service import Extensions
from ringmain.core.faxes.compose import FaxComposer
from ringmain.core.faxes.documents import FaxDocuments
from ringmain.core.faxes.service import Faxes
from ringmain.core.files.pictures import PictureTools
from ringmain.core.files.service import Files
from ringmain.core.groups.service import Groups
from ringmain.core.instances.pbx import PbxAdapter
from ringmain.core.instances.service import Instances
from ringmain.core.integrations.service import Integrations
from ringmain.core.locations.service import Locations
from ringmain.core.mail.service import Mails
from ringmain.core.mailbox.service import Mailbox
from ringmain.core.meetings.rooms import DEFAULT as PUBLIC_MEET
from ringmain.core.meetings.service import Meetings
from ringmain.core.numbers.service import Numbers
from ringmain.core.outreach.service import Outreach
from ringmain.core.people.invitations import Invitations
from ringmain.core.people.service import People
from ringmain.core.presence.service import PresenceService
from ringmain.core.seal import Seal
from ringmain.core.subscriptions.service import Subscriptions
from ringmain.core.texting.chat_parties import ChatParties
from ringmain.core.texting.chats import Chats
from ringmain.core.texting.direct import DirectTexting
from ringmain.core.texting.opt_outs import OptOuts
from ringmain.core.texting.service import Texting
from ringmain.core.trunks.service import Trunks
from ringmain.core.usage.service import UsageService
from ringmain.core.voicemail.audio import AudioTools
from ringmain.core.voicemail.service import Voicemails
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups


class Core:
    """What dialects, carriers and the command line call. Every verb takes the company first.

    `pbx`: an adapter for each kind of PBX that instances may be, by name (pbx/build.py). Without it none works.
    `audio`: what reads recordings (documents/audio.py). Without it no voicemail can come in.
    `fax`: what makes fax pages (documents/fax.py). Without it no fax can be sent or come in.
    `pictures`: what makes small pictures (documents/preview.py). Without it large ones are shown whole.
    `calendars`: the providers of calendars (calendars/build.py). Without it none can be connected.
    `seal`: what secrets are kept under (core/sealing.py). Without it nobody else can read them.
    `meet_url`: the video server where people meet, as core/meetings/rooms.py reads it.
    """

    def __init__(
        self,
        database: Database,
        wakeups: Wakeups,
        file_store: ObjectStore,
        *,
        pbx: Mapping[str, PbxAdapter] | None = None,
        audio: AudioTools | None = None,
        fax: FaxDocuments | None = None,
        pictures: PictureTools | None = None,
        calendars: Connecting | None = None,
        seal: Seal | None = None,
        meet_url: str = PUBLIC_MEET,
    ) -> None:
        seal = seal or Seal.passing()
        self.database = database
        self.wakeups = wakeups
        self.companies = Companies(database, wakeups)
        self.accounts = Accounts(database, wakeups, seal)
        self.account_records = AccountRecords(database)
        self.integrations = Integrations(database)
        self.people = People(database, wakeups)
        self.locations = Locations(database, wakeups)
        self.numbers = Numbers(database, wakeups)
        self.credentials = Credentials(database, wakeups, seal)
        self.files = Files(database, wakeups, file_store, pictures)
        self.mails = Mails(database, wakeups)
        self.sessions = Sessions(database, self.credentials)
        self.grants = Grants(database, self.credentials)
        self.invitations = Invitations(database, self.people, self.mails)
        self.directory = Directory(database, wakeups)
        self.contact_lists = ContactLists(database)
        self.texting = Texting(database, wakeups)
        self.direct_texting = DirectTexting(database, self.texting)
        self.chats = Chats(database, wakeups, self.texting)
        self.chat_parties = ChatParties(database)
        self.opt_outs = OptOuts(database, wakeups)
        self.trunks = Trunks(database)
        self.subscriptions = Subscriptions(database, wakeups)
        self.presence = PresenceService(database, wakeups)
        self.instances = Instances(database, wakeups, pbx or {})
        self.extensions = Extensions(database, wakeups, self.instances)
        self.devices = Devices(database, self.instances, self.extensions)
        self.agents = Agents(database, self.extensions)
        self.calls = Calls(database, wakeups)
        self.groups = Groups(database, wakeups)
        self.voicemails = Voicemails(database, wakeups, self.files, self.mails, audio)
        self.sandbox_calls = SandboxCalls(
            database, self.calls, self.groups, self.instances, self.files, self.voicemails, audio
        )
        self.click_to_call = ClickToCall(self.extensions, self.instances, self.sandbox_calls)
        self.faxes = Faxes(database, wakeups, self.files, self.mails, fax)
        self.fax_composer = FaxComposer(self.faxes, self.files, fax)
        self.mailbox = Mailbox(database, wakeups, self.files, self.voicemails, self.faxes)
        self.usage = UsageService(database)
        self.meetings = Meetings(database, wakeups, self.mails, meet_url=meet_url)
        self.outreach = Outreach(database, wakeups)
        self.calendars = Calendars(database, calendars)
