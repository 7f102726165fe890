"""What the tests of a nonconformity on the page of orders share: a station with two of them, and how they are opened,
unfolded and asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from claimed_lots import Days, make_home
from patience import reach
from playwright.sync_api import Locator, Page, expect

from station.service import Station
from station.settings import Settings

API, WHO = "/api/v1", "M. Weber"


def make_claims(folder: Path, lots: tuple[str, str]) -> tuple[Path, list[str]]:
    """A home with a nonconformity of each lot, and their numbers."""
    home = make_home(folder, Days(), lots)
    with Station(Settings(home=home)) as station:
        return home, [station.nonconformities.draft(lot, by=WHO, use="retail").number for lot in lots]


def opened(page: Page, address: str, number: str) -> None:
    """Open the page of a nonconformity, with the name of who says something."""
    page.goto(f"{address}/orders?nc={number}")
    expect(page.locator("#claim h2")).to_have_text(f"Nonconformity {number}")
    page.locator("#claim > .deciding").get_by_label("Name").fill(WHO)


def known(address: str, number: str) -> dict[str, Any]:
    """The nonconformity as it stands."""
    found = httpx.get(f"{address}{API}/nonconformities/{number}", trust_env=False, timeout=60).json()
    assert isinstance(found, dict)
    return found


def say(address: str, number: str, what: str, **said: Any) -> None:
    """Say something of it past the page."""
    path = f"{address}{API}/nonconformities/{number}/{what}"
    assert httpx.post(path, json={**said, "by": WHO}, trust_env=False, timeout=60).status_code == 201


def unfold(page: Page, summary: Locator) -> None:
    """Unfold something by keyboard."""
    reach(page, summary)
    page.keyboard.press("Enter")


def recorded(page: Page, part: str) -> None:
    """What was sent is recorded and the page drawn anew: the reader is at the part where it was said."""
    expect(page.locator(f"#{part}-title")).to_be_focused()
    expect(page.locator("#said")).to_have_text("Recorded.")
