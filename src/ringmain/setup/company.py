"""Applies one company of a set-up file."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from msgspec import UNSET

from ringmain.core.companies.model import Company
from ringmain.core.credentials.model import ApiKey
from ringmain.core.errors import CoreError, NotFound
from ringmain.core.numbers.normalise import normalise
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.dialects.ringplan.events import WEBHOOK_TYPES
from ringmain.setup.accounts import DIALECT, AccountApplier, account_of
from ringmain.setup.callbacks import CallbackApplier
from ringmain.setup.difference import differs, differs_in, said
from ringmain.setup.document import (
    ApiKeyPart,
    CompanyPart,
    ContactPart,
    Document,
    LocationPart,
    NumberPart,
    PersonPart,
    WebhookPart,
)
from ringmain.setup.groups import GroupApplier
from ringmain.setup.lines import Path
from ringmain.setup.outreach import OutreachApplier
from ringmain.setup.report import Action, CompanyReport, Entry
from ringmain.setup.spellings import spell
from ringmain.setup.telephony import TelephonyApplier

PartType = TypeVar("PartType")

PASSWORD_BYTES: Final = 12


class CompanyApplier:
    """One run over `document.content.companies[index]`."""

    def __init__(self, core: Core, document: Document, index: int) -> None:
        self._core = core
        self._document = document
        self._path: Path = ("companies", index)
        self._part: CompanyPart = document.content.companies[index]
        self._company: Company

    async def run(self) -> CompanyReport:
        """Raises SetupError."""
        part = self._part
        report = CompanyReport(company=await self._guarded(self._path, self._apply_company()))
        report.people = await self._each("people", part.people, self._person)
        report.locations = await self._each("locations", part.locations, self._location)
        report.numbers = await self._each("numbers", part.numbers, self._number)
        telephony = TelephonyApplier(self._core, self._company)
        report.instances = await self._each("instances", part.instances, telephony.instance)
        report.extensions = await self._each("extensions", part.extensions, telephony.extension)
        groups = GroupApplier(self._core, self._company)
        report.groups = await self._each("groups", part.groups, groups.group)
        report.api_keys = await self._each("api_keys", part.api_keys, self._api_key)
        report.webhooks = await self._each("webhooks", part.webhooks, self._webhook)
        report.contacts = await self._each("contacts", part.contacts, self._contact)
        outreach = OutreachApplier(self._core, self._company)
        report.outreach_profiles = await self._each("outreach_profiles", part.outreach_profiles, outreach.profile)
        callbacks = CallbackApplier(self._core, self._company)
        report.callbacks = await self._each("callbacks", part.callbacks, callbacks.callback)
        await self._guarded(self._path, self._require_owner())
        return report

    async def _each(
        self, name: str, parts: Sequence[PartType], apply: Callable[[PartType], Awaitable[Entry]]
    ) -> list[Entry]:
        return [await self._guarded((*self._path, name, index), apply(part)) for index, part in enumerate(parts)]

    async def _guarded(self, path: Path, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except CoreError as error:
            raise self._document.error(path, str(error)) from error

    async def _apply_company(self) -> Entry:
        part, companies = self._part, self._core.companies
        company = await companies.find_by_key(part.key)
        given = said(part, "name", "country", "timezone", "domain")
        account_id = None if part.account is UNSET else await account_of(self._core, part.account)
        action: Action = "unchanged"
        if company is None:
            company = await companies.create(key=part.key, profile=part.profile, account_id=account_id, **given)
            await self._core.accounts.cover(company.account_id)
            action = "created"
        elif differs(company, given) or differs_in(company.profile, part.profile):
            company = await companies.update(company.id, profile=part.profile, **given)
            action = "updated"
        if account_id not in (None, company.account_id):
            await self._core.accounts.adopt(account_id, company.id)
            company = await companies.get(company.id)
            action = "updated"
        self._company = company
        entry = {"key": part.key, "name": company.name, "domain": company.domain}
        return {**entry, "action": action, "ids": spell(company.id)}

    async def _require_owner(self) -> None:
        try:
            await self._core.people.owner(self._company.id)
        except NotFound:
            raise self._document.error(self._path, "one of the company's people must have owner = true") from None

    async def _person(self, part: PersonPart) -> Entry:
        people, company_id = self._core.people, self._company.id
        person = await people.find_by_email(company_id, part.email)
        given = said(part, "first_name", "last_name", "active", "timezone", "admin", "login")
        made = {}
        action: Action = "unchanged"
        if person is None:
            password = part.password
            if password is UNSET:
                password = made["password"] = secrets.token_urlsafe(PASSWORD_BYTES)
            first = {**given, "login": part.login or None}
            person = await people.create(company_id, email=part.email, password=password, profile=part.profile, **first)
            action = "created"
        else:
            # An empty one of these means none.
            optional = {name: given.get(name, getattr(person, name)) or None for name in ("timezone", "login")}
            if differs(person, {**given, **optional}) or differs_in(person.profile, part.profile):
                person = await people.update(company_id, person.id, profile=part.profile, **given)
                action = "updated"
            if await self._set_password(person, part):
                action = "updated"
        if part.owner and not person.owner:
            person = await people.make_owner(company_id, person.id)
            action = "updated" if action == "unchanged" else action
        return {"email": person.email, "owner": person.owner, "action": action, "ids": spell(person.id), **made}

    async def _set_password(self, person: Person, part: PersonPart) -> bool:
        credentials = self._core.credentials
        if part.password is UNSET or await credentials.has_password(person.company_id, person.id, part.password):
            return False
        await credentials.set_password(person.company_id, person.id, part.password)
        return True

    async def _location(self, part: LocationPart) -> Entry:
        locations, company_id = self._core.locations, self._company.id
        found = [location for location in await locations.list(company_id) if location.name == part.name]
        action: Action = "unchanged"
        if not found:
            location = await locations.create(company_id, name=part.name, profile=part.profile)
            action = "created"
        else:
            location = found[0]
            if differs_in(location.profile, part.profile):
                location = await locations.update(company_id, location.id, profile=part.profile)
                action = "updated"
        return {"name": location.name, "action": action, "ids": spell(location.id)}

    async def _number(self, part: NumberPart) -> Entry:
        numbers, company_id = self._core.numbers, self._company.id
        e164 = normalise(part.number, self._company.country)
        given = said(part, "sms", "mms", "fax", "voice")
        owners = None if part.owners is UNSET else [(await self._known(email)).email.lower() for email in part.owners]
        action: Action = "unchanged"
        try:
            number = await numbers.get_by_number(company_id, e164)
        except NotFound:
            number = await numbers.create(company_id, e164, owner_emails=owners or (), **given)
            action = "created"
        if differs(number, given):
            number = await numbers.update(company_id, e164, **given)
            action = "updated"
        if owners is not None and number.owner_emails != owners:
            number = await numbers.set_owners(company_id, e164, owners)
            action = "updated"
        if part.carrier is not UNSET and (number.carrier or "") != part.carrier:
            number = await numbers.set_carrier(company_id, e164, part.carrier or None)
            action = "updated"
        return {"number": number.number, "owners": number.owner_emails, "action": action, "ids": spell(number.id)}

    async def _known(self, email: str) -> Person:
        person = await self._core.people.find_by_email(self._company.id, email)
        if person is None:
            raise NotFound(f"person {email}")
        return person

    async def _api_key(self, part: ApiKeyPart) -> Entry:
        if part.dialect == DIALECT:
            return await AccountApplier(self._core, self._company).api_key(part)
        credentials, company_id = self._core.credentials, self._company.id
        keys = await credentials.list_api_keys(company_id)
        found = [key for key in keys if (key.dialect, key.name) == (part.dialect, part.name)]
        person_id = None if part.person is UNSET else (await self._known(part.person)).id
        given = None if part.secret is UNSET else part.secret
        if found and await self._is_current(found[0], person_id, given):
            return _key_entry(found[0], "unchanged")
        # A key's secret and person are what it is: another one takes its place, and the old one ends.
        for key in found:
            await credentials.revoke_api_key(company_id, key.id)
        new = await credentials.create_api_key(company_id, part.dialect, part.name, person_id=person_id, secret=given)
        entry = _key_entry(new.key, "updated" if found else "created")
        return entry if given else {**entry, "secret": new.secret}

    async def _is_current(self, key: ApiKey, person_id: int | None, secret: str | None) -> bool:
        if key.person_id != person_id:
            return False
        return secret is None or await self._core.credentials.has_secret(key.company_id, key.id, secret)

    async def _webhook(self, part: WebhookPart) -> Entry:
        subscriptions, company_id = self._core.subscriptions, self._company.id
        given = None if part.secret is UNSET else part.secret
        endpoints = [one for one in await subscriptions.list_endpoints(company_id) if one.face == part.face]
        if part.face == "ringmain":
            endpoints = [one for one in endpoints if one.url == part.url]
        secret = None
        action: Action = "unchanged"
        if not endpoints:
            endpoint, secret = await subscriptions.create_endpoint(
                company_id, face=part.face, url=part.url, secret=given
            )
            action = "created"
        else:
            endpoint = endpoints[0]
            if endpoint.url != part.url:
                endpoint, _ = await subscriptions.set_endpoint(company_id, face=part.face, url=part.url, secret=given)
                action = "updated"
        if await self._subscribe(endpoint.id, part) and action == "unchanged":
            action = "updated"
        entry = {"face": part.face, "url": endpoint.url, "action": action, "ids": spell(endpoint.id)}
        return {**entry, "secret": secret} if secret and not given else entry

    async def _subscribe(self, endpoint_id: int, part: WebhookPart) -> bool:
        """Whether what the endpoint is told was changed."""
        subscriptions, company_id = self._core.subscriptions, self._company.id
        current = [one for one in await subscriptions.list_subscriptions(company_id) if one.endpoint_id == endpoint_id]
        if part.face == "ringmain":
            if len(current) == 1 and set(current[0].event_types) == set(part.events):
                return False
            for one in current:
                await subscriptions.unsubscribe(company_id, one.id)
            await subscriptions.subscribe(company_id, endpoint_id, name="", event_types=part.events)
            return True
        gone = [one for one in current if one.name not in part.events]
        new = [name for name in part.events if name not in {one.name for one in current}]
        for one in gone:
            await subscriptions.unsubscribe(company_id, one.id)
        for name in new:
            kind = WEBHOOK_TYPES[name]
            await subscriptions.subscribe(
                company_id, endpoint_id, name=name, event_types=[kind.event_type], filter=kind.filter
            )
        return bool(gone or new)

    async def _contact(self, part: ContactPart) -> Entry:
        texting, company_id = self._core.texting, self._company.id
        is_short = part.number.isdigit() and len(part.number) <= 8
        number = part.number if is_short else normalise(part.number, self._company.country)
        given = said(part, "first_name", "last_name")
        contact, created = await texting.create_contact(company_id, number=number, **given)
        action: Action = "created" if created else "unchanged"
        if differs(contact, given):
            contact = await texting.update_contact(company_id, contact.id, **given)
            action = "updated"
        return {"number": contact.number, "action": action, "ids": spell(contact.id)}


def _key_entry(key: ApiKey, action: Action) -> Entry:
    return {
        "dialect": key.dialect,
        "name": key.name,
        "token": key.token,
        "action": action,
        "ids": spell(key.id),
    }
