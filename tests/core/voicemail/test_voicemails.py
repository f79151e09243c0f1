import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ringmain.core.errors import Invalid, NotFound, Unavailable
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from ringmain.core.voicemail import listing
from ringmain.core.voicemail.model import NewVoicemail, Sort, Voicemail, VoicemailEvent, VoicemailFilter
from tests.conftest import Office, furnish
from tests.documents.recordings import heard, recorded, tone
from tests.overlapping import behind
from tests.recordings import wav

WAV = wav(1.5)
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Mailbox(msgspec.Struct):
    """A company with an instance and the extensions 1001 (told by mail) and 1002."""

    core: Core
    company_id: int
    instance_id: int
    extensions: dict[int, int]

    async def receive(self, number: int = 1001, **fields: Any) -> Voicemail:
        given = NewVoicemail(**({"audio": WAV, "source_number": "1002"} | fields))
        return await self.core.voicemails.receive(self.company_id, self.extensions[number], given, origin="test")

    async def events(self) -> list[tuple[str, Voicemail]]:
        rows = await self.core.database.fetch(
            "SELECT type, payload FROM events WHERE type LIKE 'voicemail.%' ORDER BY id"
        )
        return [(row["type"], msgspec.json.decode(row["payload"], type=VoicemailEvent).voicemail) for row in rows]


async def make_mailbox(core: Core, office: Office) -> Mailbox:
    instance = await core.instances.create(office.company_id, name=f"pbx{office.company_id}", domain="pbx.acme.example")
    extensions = {}
    for number, name, email in ((1001, "Jane Doe", "jane@example.com"), (1002, "Joe Bloggs", "")):
        change = ExtensionChange(number=number, name=name, data={"voicemail_email": email})
        extensions[number] = (await core.extensions.create(office.company_id, instance.id, change)).id
    return Mailbox(core, office.company_id, instance.id, extensions)


@pytest.fixture
async def mailbox(core: Core, office: Office) -> Mailbox:
    return await make_mailbox(core, office)


async def test_a_voicemail_is_kept_whole(mailbox: Mailbox, core: Core) -> None:
    made = await mailbox.receive(transcription="Call me", reference="pbx-1")
    assert (made.extension_number, made.extension_id) == (1001, mailbox.extensions[1001])
    assert (made.source_number, made.source_name, made.source_digits) == ("1002", "Joe Bloggs", 1002)
    assert made.duration_s == pytest.approx(1.5)
    assert (made.listened, made.transcription) == (False, "Call me")
    assert (made.file.mimetype, made.file.size) == ("audio/wav", len(WAV))
    assert made.email == "jane@example.com"
    assert await core.voicemails.get(mailbox.company_id, made.id) == made
    assert await mailbox.events() == [("voicemail.created", made)]
    assert (await core.voicemails.audio(mailbox.company_id, made.id)).content == WAV


async def test_the_extension_names_whom_to_tell_by_mail(mailbox: Mailbox, core: Core) -> None:
    made = await mailbox.receive(received_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    await mailbox.receive(1002)
    (mail,) = await core.mails.page(mailbox.company_id)
    assert (mail.recipients, mail.subject) == (["jane@example.com"], "Voicemail from Joe Bloggs (1002)")
    row = await core.database.fetchrow("SELECT m.text, a.* FROM mails m JOIN mail_attachments a ON a.mail_id = m.id")
    assert row is not None
    assert (row["file_id"], row["name"], row["mimetype"]) == (made.file.id, made.file.name, "audio/wav")
    assert row["text"] == (
        "From: Joe Bloggs (1002)\nTo: extension 1001\nReceived: 2026-01-02 03:04 UTC\nLength: 0:02\n"
    )


@pytest.mark.parametrize(
    ("email", "recipients"),
    [
        ("a@example.com, b@example.com;nonsense", ["a@example.com", "b@example.com"]),
        ("nonsense\r\nBcc: x@example.com", []),
    ],
)
async def test_an_address_that_cannot_be_does_not_stop_a_voicemail(
    mailbox: Mailbox, core: Core, email: str, recipients: list[str]
) -> None:
    statement = "UPDATE extensions SET data = jsonb_build_object('voicemail_email', $1::text) WHERE number = 1002"
    await core.database.execute(statement, email)
    await mailbox.receive(1002, source_name="Evil\r\nBcc: x@example.com")
    mails = await core.mails.page(mailbox.company_id)
    assert [mail.recipients for mail in mails] == ([recipients] if recipients else [])
    assert all("\n" not in mail.subject for mail in mails)


async def test_the_recording_stays_out_of_the_mail_where_the_pbx_says_so(mailbox: Mailbox, core: Core) -> None:
    statement = """UPDATE extensions SET data = data || '{"voicemail_options": "attach=no|saycid=no"}'"""
    await core.database.execute(statement)
    await mailbox.receive()
    assert await core.database.fetchval("SELECT count(*) FROM mails") == 1
    assert await core.database.fetchval("SELECT count(*) FROM mail_attachments") == 0


async def test_the_caller_is_named_as_the_company_knows_the_number(mailbox: Mailbox, office: Office) -> None:
    assert (await mailbox.receive(source_number=office.contact.number)).source_name == "Jane Doe"
    assert (await mailbox.receive(source_number="+442079460000")).source_name == "+442079460000"
    assert (await mailbox.receive(source_number="1002", source_name="Me")).source_name == "Me"
    withheld = await mailbox.receive(source_number="")
    assert (withheld.source_name, withheld.source_digits) == ("", None)


async def test_the_same_reference_is_the_same_voicemail(mailbox: Mailbox, core: Core) -> None:
    made = await asyncio.gather(*(mailbox.receive(reference="pbx-1") for _ in range(4)))
    assert len({one.id for one in made}) == 1
    assert (await mailbox.receive(reference="pbx-2")).id != made[0].id
    assert len(await mailbox.events()) == 2
    assert len(await core.mails.page(mailbox.company_id)) == 2


@pytest.mark.parametrize("kind", ["MP3", "FLAC", "OGG", "AIFF"])
async def test_any_recording_is_taken_and_is_played_as_wav_and_mp3(mailbox: Mailbox, core: Core, kind: str) -> None:
    given = recorded(tone(440, 1.0, 16000), 16000, kind)
    made = await mailbox.receive(audio=given)
    assert made.duration_s == pytest.approx(1.0, abs=0.1)
    stored = await core.voicemails.audio(mailbox.company_id, made.id)
    assert stored.mimetype == ("audio/mpeg" if kind == "MP3" else "audio/wav")
    assert made.file.name.endswith(".mp3" if kind == "MP3" else ".wav")
    assert (stored.content == given) == (kind == "MP3")
    for form, rate in (("wav", 8000), ("mp3", None)):
        played = await core.voicemails.audio(mailbox.company_id, made.id, form)  # type: ignore[arg-type]
        samples, actual = heard(played.content)
        assert len(samples) / actual == pytest.approx(1.0, abs=0.2)
        assert rate in (None, actual)
        assert played.name.endswith(f".{form}")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"hello", WAV[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
async def test_what_is_no_recording_leaves_nothing(mailbox: Mailbox, core: Core, content: bytes) -> None:
    with pytest.raises(Invalid):
        await mailbox.receive(audio=content)
    assert await mailbox.events() == []
    assert await core.database.fetchval("SELECT count(*) FROM files") == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"source_number": "anonymous"},
        {"source_number": "+1" * 9},
        {"source_number": "١٢٣"},
        {"source_name": "x" * 201},
        {"source_name": "\0"},
        {"transcription": "x" * 100_001},
        {"reference": "x" * 201},
        {"received_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"received_at": datetime(1, 1, 1, tzinfo=UTC)},
    ],
)
async def test_values_that_are_refused(mailbox: Mailbox, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await mailbox.receive(**fields)
    assert await mailbox.events() == []


async def test_without_a_reader_of_recordings_none_comes_in(mailbox: Mailbox, core: Core, monkeypatch: Any) -> None:
    monkeypatch.setattr(core.voicemails, "_audio", None)
    with pytest.raises(Unavailable):
        await mailbox.receive()


async def test_extensions_are_found_by_number_and_by_person(mailbox: Mailbox, core: Core, office: Office) -> None:
    find = core.voicemails.find_extension
    assert await find(mailbox.company_id, number=1002) == mailbox.extensions[1002]
    with pytest.raises(NotFound):
        await find(mailbox.company_id, number=1003)
    with pytest.raises(NotFound):
        await find(mailbox.company_id, person_id=office.owner_id)
    await core.database.execute("UPDATE extensions SET person_id = $1, purpose = 'softphone'", office.owner_id)
    assert await find(mailbox.company_id, person_id=office.owner_id) == mailbox.extensions[1001]
    other = await core.instances.create(mailbox.company_id, name="other", domain="other.acme.example")
    twin = await core.extensions.create(mailbox.company_id, other.id, ExtensionChange(number=1001))
    with pytest.raises(Invalid):
        await find(mailbox.company_id, number=1001)
    assert await find(mailbox.company_id, number=1001, instance_id=other.id) == twin.id


async def test_listening_is_marked_for_all_or_none(mailbox: Mailbox, core: Core) -> None:
    first, second = [await mailbox.receive() for _ in range(2)]
    with pytest.raises(NotFound):
        await core.voicemails.set_listened(mailbox.company_id, [first.id, 5], listened=True)
    assert not (await core.voicemails.get(mailbox.company_id, first.id)).listened
    marked = await core.voicemails.set_listened(mailbox.company_id, [second.id, first.id, second.id], listened=True)
    assert [(one.id, one.listened) for one in marked] == [(second.id, True), (first.id, True)]
    again = await core.voicemails.set_listened(mailbox.company_id, [first.id], listened=True)
    assert again == [marked[1]]
    events = await mailbox.events()
    assert [kind for kind, _ in events] == ["voicemail.created"] * 2 + ["voicemail.updated"] * 2
    assert events[2][1].listened


async def test_deleting_is_for_all_or_none(mailbox: Mailbox, core: Core) -> None:
    first, second, third = [await mailbox.receive() for _ in range(3)]
    with pytest.raises(NotFound):
        await core.voicemails.delete(mailbox.company_id, [first.id, 5])
    await core.voicemails.delete(mailbox.company_id, [first.id, second.id])
    for gone in (first, second):
        for verb in (core.voicemails.get, core.voicemails.audio):
            with pytest.raises(NotFound):
                await verb(mailbox.company_id, gone.id)
    with pytest.raises(NotFound):
        await core.voicemails.delete(mailbox.company_id, [first.id])
    found = await core.voicemails.page(mailbox.company_id, page=1, per_page=10)
    assert (found.items, found.total) == ([third], 1)
    assert [kind for kind, _ in await mailbox.events()] == ["voicemail.created"] * 3 + ["voicemail.deleted"] * 2
    await core.voicemails.delete(mailbox.company_id, [])


async def test_another_company_sees_nothing(mailbox: Mailbox, core: Core) -> None:
    made = await mailbox.receive()
    other = await make_mailbox(core, await furnish(core, name="Globex", number="+12025550145"))
    with pytest.raises(NotFound):
        await core.voicemails.get(other.company_id, made.id)
    with pytest.raises(NotFound):
        await core.voicemails.delete(other.company_id, [made.id])
    with pytest.raises(NotFound):
        await core.voicemails.set_listened(other.company_id, [made.id], listened=True)
    with pytest.raises(NotFound):
        await core.voicemails.receive(other.company_id, mailbox.extensions[1001], NewVoicemail(audio=WAV))
    with pytest.raises(NotFound):
        await core.voicemails.find_extension(other.company_id, number=1003)
    assert (await core.voicemails.page(other.company_id, page=1, per_page=10)).total == 0


async def test_a_voicemail_outlives_its_extension_but_not_its_company(mailbox: Mailbox, core: Core) -> None:
    made = await mailbox.receive()
    await core.extensions.delete(mailbox.company_id, mailbox.instance_id, mailbox.extensions[1001])
    kept = await core.voicemails.get(mailbox.company_id, made.id)
    assert (kept.extension_id, kept.extension_number) == (None, 1001)
    await core.voicemails.delete(mailbox.company_id, [made.id])
    await core.companies.delete(mailbox.company_id)
    assert await core.database.fetchval("SELECT count(*) FROM voicemails") == 0
    assert await core.database.fetchval("SELECT count(*) FROM voicemail_counts") == 0


FILL = """
INSERT INTO voicemails (company_id, instance_id, instance_uuid, extension_id, extension_number, source_number,
    source_name, received_at, listened, file_id, file, duration_s, email, deleted_at)
SELECT e.company_id, e.instance_id, i.uuid, e.id, e.number, source, given.name, received_at, n % 3 = 0, 1,
    '{"id": 1, "name": "a.wav", "mimetype": "audio/wav", "size": 5}', n % 7, 'e' || n % 4, given.deleted_at
FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    AS given (n, number, source, name, received_at, deleted_at)
JOIN extensions e USING (number) JOIN instances i ON i.company_id = e.company_id AND i.id = e.instance_id
"""
SORTED: dict[Sort, Any] = {
    "id": lambda one: one.id,
    "received_at": lambda one: one.received_at,
    "extension_number": lambda one: one.extension_number,
    "source_digits": lambda one: float("inf") if one.source_digits is None else one.source_digits,  # NULL is greatest
    "source_name": lambda one: one.source_name,
    "email": lambda one: one.email,
    "duration_s": lambda one: one.duration_s,
    "listened": lambda one: one.listened,
}


async def test_lists_are_what_a_plain_filter_and_sort_would_give(mailbox: Mailbox, core: Core) -> None:
    chance = random.Random(20261121)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(hours=chance.choice([0, 12, 24, 36.5, 48, 71.9999])) for _ in range(120)]
    sources = ["", "1001", "1002", "+12025550100"]
    rows = [
        (
            *(n, chance.choice([1001, 1002]), chance.choice(sources), chance.choice("ABC")),
            *(moment, start if chance.random() < 0.2 else None),
        )
        for n, moment in enumerate(moments)
    ]
    await core.database.execute(FILL, *map(list, zip(*rows, strict=True)))
    everything = (await core.voicemails.page(mailbox.company_id, page=1, per_page=1000)).items
    assert len(everything) == sum(row[5] is None for row in rows)
    day = timedelta(days=1)
    odd = [start - day, start + day - timedelta(microseconds=1), start + 10 * day, EVER, NEVER]
    edges = [None, *sorted(set(moments)), *odd]
    for _ in range(150):
        wanted = VoicemailFilter(
            since=chance.choice(edges),
            until=chance.choice(edges),
            destination=chance.choice([None, None, 1001, 1002, 1003, 0, -1]),
            source=chance.choice([None, None, None, 1001, 12025550100, 7]),
        )
        sort = [(name, chance.random() < 0.5) for name in chance.sample(list(SORTED), chance.choice([0, 1, 1, 2]))]
        page, per_page = chance.choice([1, 1, 2, 5]), chance.choice([3, 20, 100])
        found = await core.voicemails.page(mailbox.company_id, wanted=wanted, sort=sort, page=page, per_page=per_page)
        expected = [one for one in everything if matches(one, wanted)]
        order = sort or [("received_at", True)]
        for name, descending in reversed([*order, ("received_at", order[-1][1]), ("id", order[-1][1])]):
            expected.sort(key=SORTED[name], reverse=descending)
        assert found.total == len(expected), wanted
        assert found.items == expected[(page - 1) * per_page : page * per_page], (wanted, sort)


MANY = """
INSERT INTO voicemails (company_id, instance_id, instance_uuid, extension_id, extension_number, source_number,
    source_name, received_at, listened, file_id, file, duration_s, email, deleted_at)
SELECT e.company_id, e.instance_id, i.uuid, e.id, 1001 + n * 7 % 5, CASE n % 3 WHEN 0 THEN '' ELSE '1002' END, 'N',
    $1::timestamptz - n % 400 * interval '1 hour', n % 4 = 0, 1,
    '{"id": 1, "name": "x", "mimetype": "audio/wav", "size": 1}', CASE WHEN n > 900 THEN n ELSE n % 4 * 1.5 END, '',
    CASE n % 50 WHEN 0 THEN now() END
FROM generate_series(1, 1000) AS n,
    extensions e JOIN instances i ON i.company_id = e.company_id AND i.id = e.instance_id
WHERE e.number = 1001
"""


@pytest.mark.parametrize("down", [(False, True), (True, False), (True, True), (False, False)])
async def test_orders_of_two_fields_among_many(mailbox: Mailbox, core: Core, down: tuple[bool, bool]) -> None:
    """Some durations that many have, and some that one has: pages within the first, over their ends, and behind all."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    await core.database.execute(MANY, start)
    everything = (await core.voicemails.page(mailbox.company_id, page=1, per_page=2000)).items
    assert len(everything) == 980
    pairs: list[tuple[Sort, Sort]] = [
        ("duration_s", "extension_number"),
        ("duration_s", "listened"),
        ("listened", "duration_s"),
        ("extension_number", "received_at"),
        ("extension_number", "source_digits"),
    ]
    for pair in pairs:
        order = list(zip(pair, down, strict=True))
        for wanted in (
            VoicemailFilter(),
            VoicemailFilter(since=start - timedelta(hours=99)),
            VoicemailFilter(source=1002),
        ):
            expected = [one for one in everything if matches(one, wanted)]
            for name, descending in reversed([*order, ("received_at", down[1]), ("id", down[1])]):
                expected.sort(key=SORTED[name], reverse=descending)
            for page, per_page in ((1, 20), (3, 100), (9, 109), (40, 22), (49, 20), (50, 20), (1, 980)):
                found = await core.voicemails.page(
                    mailbox.company_id, wanted=wanted, sort=order, page=page, per_page=per_page
                )
                its = expected[(page - 1) * per_page : page * per_page]
                assert [one.id for one in found.items] == [one.id for one in its], (order, wanted, page)
                assert found.total == len(expected)


def matches(one: Voicemail, wanted: VoicemailFilter) -> bool:
    return (
        (wanted.since is None or one.received_at >= wanted.since)
        and (wanted.until is None or one.received_at <= wanted.until)
        and wanted.destination in (None, one.extension_number)
        and wanted.source in (None, one.source_digits)
    )


async def test_sorting_by_what_there_is_not(mailbox: Mailbox, core: Core) -> None:
    with pytest.raises(Invalid):
        await core.voicemails.page(mailbox.company_id, sort=[("file; DROP TABLE x", True)], page=1, per_page=1)


async def test_pages_are_read_from_an_index(mailbox: Mailbox, core: Core) -> None:
    rows = [(n, 1001 + n % 2, "1002", f"N{n}", datetime.now(UTC) - timedelta(minutes=n), None) for n in range(3000)]
    await core.database.execute(FILL, *map(list, zip(*rows, strict=True)))
    await core.database.execute("ANALYZE voicemails")
    filters = (VoicemailFilter(), VoicemailFilter(destination=1001), VoicemailFilter(source=1002))
    for wanted in filters:
        for name in SORTED if wanted == VoicemailFilter() else ("received_at",):
            statement, values = listing.page(mailbox.company_id, wanted, [(name, True)], 20, 20)
            plan = "\n".join(row[0] for row in await core.database.fetch(f"EXPLAIN {statement}", *values))
            assert "Seq Scan on voicemails" not in plan, (name, plan)


async def test_marked_twice_at_once_both_are_told_so(mailbox: Mailbox, core: Core) -> None:
    made = await mailbox.receive()
    async with behind(core.database, "SELECT FROM voicemails FOR UPDATE") as queue:
        for _ in range(2):
            await queue.join(core.voicemails.set_listened(mailbox.company_id, [made.id], listened=True))
    assert [[one.listened for one in answer] for answer in await queue.ended()] == [[True], [True]]
    assert [kind for kind, _ in await mailbox.events()] == ["voicemail.created", "voicemail.updated"]
