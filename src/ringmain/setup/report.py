"""What `ringmain apply` prints: each thing with what happened to it, its ids, and the secrets that were made."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

Action = Literal["created", "updated", "unchanged"]
Entry = dict[str, Any]
"""One thing: `action`, what names it, `ids` in every spelling, secrets only when they were made just now."""


class CompanyReport(msgspec.Struct, kw_only=True):
    """A company and what belongs to it, in the order of the file."""

    company: Entry
    people: list[Entry] = []
    locations: list[Entry] = []
    numbers: list[Entry] = []
    instances: list[Entry] = []
    extensions: list[Entry] = []
    groups: list[Entry] = []
    api_keys: list[Entry] = []
    webhooks: list[Entry] = []
    contacts: list[Entry] = []
    outreach_profiles: list[Entry] = []
    callbacks: list[Entry] = []


class Report(msgspec.Struct, kw_only=True):
    """The whole."""

    dry_run: bool
    companies: list[CompanyReport] = []
    carriers: list[Entry] = []
    carrier_routes: list[Entry] = []

    @property
    def changed(self) -> bool:
        """Whether anything was, or in a dry run would have been, created or updated."""
        return any(entry["action"] != "unchanged" for entry in self._entries())

    def as_json(self) -> bytes:
        """The report as indented JSON."""
        encoded = msgspec.json.encode({"changed": self.changed, **msgspec.structs.asdict(self)})
        return msgspec.json.format(encoded, indent=2)

    def _entries(self) -> Iterator[Entry]:
        yield from self.carriers
        yield from self.carrier_routes
        for company in self.companies:
            yield company.company
            for things in (
                company.people,
                company.locations,
                company.numbers,
                company.instances,
                company.extensions,
                company.groups,
                company.api_keys,
                company.webhooks,
                company.contacts,
                company.outreach_profiles,
                company.callbacks,
            ):
                yield from things
