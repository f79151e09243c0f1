"""The pages behind a mail's links: scanners' GETs change nothing, the button does, and only whoever has the link."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest

from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.model import Answer, Reminder, ReminderChange
from ringmain.front import Front
from ringmain.outreach.pages import build
from tests.conftest import furnish
from tests.outreach.conftest import HOUR, URL, Clinic
from tests.realtime.conftest import serving


class Browser:
    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http = http
        self.base = base

    async def __call__(self, method: str, link: str, status: int = 200) -> str:
        async with self.http.request(method, self.base + link, allow_redirects=False) as response:
            text = await response.text()
            assert response.status == status, text
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert response.headers["cache-control"] == "no-store"
            assert "<script" not in text
            return text


@pytest.fixture
async def browser(clinic: Clinic) -> AsyncIterator[Browser]:
    async with serving(Front(build(clinic.core))) as base, aiohttp.ClientSession() as http:
        yield Browser(http, base)


@pytest.fixture
async def reminder(clinic: Clinic) -> Reminder:
    profile = await clinic.profile(channels=["email"], timezone="UTC")
    return await clinic.remind(profile, name="Jane <Doe>", email_address="jane@example.com")


async def link(clinic: Clinic, reminder: Reminder, answer: Answer) -> str:
    """As it stands in the mail."""
    await clinic.work()
    (_, _, text), *_ = await clinic.mails()
    found = next(one for one in re.findall(r"https://\S+", text) if f"/{answer}?" in one)
    assert found.startswith(URL)
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(("answer", "state"), [("confirm", "confirmed"), ("cancel", "cancelled")])
async def test_the_button_answers_and_opening_the_page_does_not(
    clinic: Clinic, browser: Browser, reminder: Reminder, answer: Answer, state: str
) -> None:
    address = await link(clinic, reminder, answer)
    for _ in range(3):
        shown = await browser("GET", address)
    assert "Jane &lt;Doe&gt;" in shown
    assert "<button>" in shown
    assert (await clinic.get(reminder)).is_open
    await browser("HEAD", address)
    assert (await clinic.get(reminder)).is_open
    assert state in await browser("POST", address)
    found = await clinic.get(reminder)
    assert (found.state, found.event_log[-1].detail) == (state, "email")
    assert state in await browser("POST", address)  # twice is once
    assert (await clinic.events(reminder))[-1] == ("outreach.dispositioned", found)
    assert "<button>" not in await browser("GET", address)


async def test_confirmed_may_be_cancelled_but_not_the_other_way_round(
    clinic: Clinic, browser: Browser, reminder: Reminder
) -> None:
    confirm, cancel = await link(clinic, reminder, "confirm"), await link(clinic, reminder, "cancel")
    await browser("POST", confirm)
    assert "<button>" in await browser("GET", cancel)
    await browser("POST", cancel)
    await browser("POST", confirm, 409)
    assert (await clinic.get(reminder)).cancelled


async def test_other_links_are_refused(clinic: Clinic, browser: Browser, reminder: Reminder) -> None:
    address = await link(clinic, reminder, "confirm")
    path, _, query = address.partition("?")
    other = await furnish(clinic.core, name="Globex", number="+12025550145")
    second = await clinic.remind(await clinic.profile(name="x", channels=["email"]), email_address="joe@example.com")
    for wrong in (
        path,
        f"{path}?{query[:-2]}xx",
        f"{path.replace('confirm', 'cancel')}?{query}",
        f"{path.replace(str(reminder.id), str(second.id))}?{query}",
        f"{path.replace(str(reminder.company_id), str(other.company_id))}?{query}",
        address.replace("expires=", "expires=9"),
    ):
        for method in ("GET", "POST"):
            await browser(method, wrong, 403)
    for nowhere in ("/reminders", "/reminders/1/2", "/reminders/x/2/confirm", "/reminders/1/2/forget?x=1"):
        await browser("GET", nowhere, 404)
    expired = await clinic.core.credentials.sign_link(path, -5)
    await browser("POST", expired, 403)
    # Signed, but of nothing.
    nothing = AnswerLinks(clinic.core.credentials, "")
    links = await nothing.of(other.company_id, reminder.id, reminder.reminder_date)
    await browser("GET", links["confirm"], 404)
    await browser("POST", links["confirm"], 404)
    assert (await clinic.get(reminder)).is_open
    assert (await clinic.get(second)).is_open


async def test_after_the_date_nothing_can_be_answered(clinic: Clinic, browser: Browser, reminder: Reminder) -> None:
    address = await link(clinic, reminder, "confirm")
    await clinic.core.database.execute("UPDATE outreach_reminders SET reminder_date = now() - interval '1 minute'")
    assert "has passed" in await browser("POST", address, 409)


async def test_a_moved_date_is_shown_as_it_is_now(clinic: Clinic, browser: Browser, reminder: Reminder) -> None:
    address = await link(clinic, reminder, "confirm")
    date = (clinic.now + timedelta(days=40)).replace(hour=9, minute=5)
    await clinic.core.outreach.update(clinic.company_id, reminder.id, ReminderChange(reminder_date=date))
    assert f"{date:%A, %B} {date.day}, {date.year}, 9:05 AM" in await browser("GET", address)


async def test_a_link_lasts_until_the_date(clinic: Clinic, reminder: Reminder) -> None:
    address = await link(clinic, reminder, "confirm")
    expires = int(re.findall(r"expires=(\d+)", address)[0])
    assert abs(expires - (clinic.now + 12 * HOUR).timestamp()) < 60
