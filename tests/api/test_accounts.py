"""Accounts: signed in and out, sessions that end, guessing that is slowed, PINs, names under what is decided."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.errors import AccessError, ConflictError, NotFoundError, NotSignedInError, RequestError, TooManyError
from station.service import Station
from station.settings import Settings
from station.web.gate import admit
from station.web.permissions import rule_for

API = "/api/v1"
PASSWORD = "four plain words together"
OTHER = "quite another set of words"
PIN = "402817"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def station(tmp_path: Path, clock: Clock) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=clock) as found:
        yield found


@pytest.fixture
def weber(station: Station) -> Station:
    station.accounts.add("A. Keller", "administrator", OTHER)
    station.accounts.add("M. Weber", "approver", PASSWORD, pin=PIN, by="A. Keller")
    return station


def test_an_old_password_opens_no_session_once_there_is_a_new_one(
    weber: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it took to look at the old one."""
    accounts, hasher = weber.accounts, weber.accounts._hasher()

    class Slow:
        def verify(self, kept: str, given: str) -> bool:
            found = hasher.verify(kept, given)
            with monkeypatch.context() as quick:
                quick.setattr(accounts, "_hasher", lambda: hasher)
                accounts.change("M. Weber", password="a wholly new set of words", by="A. Keller")
            return bool(found)

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "_hasher", Slow)
        with pytest.raises(ConflictError, match="was changed"):
            accounts.log_in("M. Weber", PASSWORD)
    assert accounts.who(accounts.log_in("M. Weber", "a wholly new set of words")).name == "M. Weber"


def test_a_home_without_accounts_has_one_user_who_is_asked_for_nothing(station: Station) -> None:
    assert station.accounts.who(None).role is None
    assert station.accounts.session(None).mode == "single-user"


def test_from_the_first_account_on_everybody_signs_in(weber: Station) -> None:
    with pytest.raises(NotSignedInError):
        weber.accounts.who(None)
    token = weber.accounts.log_in("  m. weber ", PASSWORD)
    assert (weber.accounts.who(token).name, weber.accounts.who(token).role) == ("M. Weber", "approver")
    weber.accounts.log_out(token)
    with pytest.raises(NotSignedInError):
        weber.accounts.who(token)


@pytest.mark.parametrize(("name", "password"), [("M. Weber", OTHER), ("nobody", PASSWORD), ("", ""), ("M. Weber", "")])
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(weber: Station, name: str, password: str) -> None:
    with pytest.raises(NotSignedInError, match="name or password is wrong"):
        weber.accounts.log_in(name, password)


def test_a_session_ends_when_idle_and_at_the_end_of_the_day(weber: Station, clock: Clock) -> None:
    token = weber.accounts.log_in("M. Weber", PASSWORD)
    for _ in range(13):
        clock.wait(minutes=50)
        weber.accounts.who(token)
    clock.wait(minutes=61)
    with pytest.raises(NotSignedInError, match="has ended"):
        weber.accounts.who(token)
    again = weber.accounts.log_in("M. Weber", PASSWORD)
    for _ in range(14):
        clock.wait(minutes=51)
        weber.accounts.who(again)
    clock.wait(minutes=10)
    with pytest.raises(NotSignedInError, match="has ended"):  # 12 hours
        weber.accounts.who(again)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/camera/view"), ("GET", "/camera/view/7"), ("GET", "/events"), ("PUT", "/units/7/claim")],
)
def test_a_page_that_is_left_open_keeps_no_session_alive(weber: Station, clock: Clock, method: str, path: str) -> None:
    """What it asks for by itself is answered, until the session has been idle for an hour."""
    token = weber.accounts.log_in("M. Weber", PASSWORD)
    asked = rule_for(method, f"{API}{path}")[1]
    for _ in range(5):
        clock.wait(minutes=11)
        assert admit(weber, asked, token, None).name == "M. Weber"
    clock.wait(minutes=6)
    with pytest.raises(NotSignedInError, match="has ended"):
        admit(weber, asked, token, None)


def test_a_changed_account_is_signed_out(weber: Station) -> None:
    for change in ({"password": OTHER}, {"role": "reviewer"}, {"disabled": True}):
        password = OTHER if "role" in change or "disabled" in change else PASSWORD
        token = weber.accounts.log_in("M. Weber", password)
        weber.accounts.change("m. weber", by="A. Keller", **change)  # type: ignore[arg-type]
        with pytest.raises(NotSignedInError):
            weber.accounts.who(token)
    with pytest.raises(NotSignedInError, match="wrong"):
        weber.accounts.log_in("M. Weber", OTHER)


def test_the_last_administrator_stays(weber: Station) -> None:
    for change in ({"disabled": True}, {"role": "reviewer"}):
        with pytest.raises(ConflictError, match="last administrator"):
            weber.accounts.change("A. Keller", **change)  # type: ignore[arg-type]
    weber.accounts.change("M. Weber", role="administrator")
    assert weber.accounts.change("A. Keller", disabled=True).disabled


def test_guessing_is_slowed_and_a_right_answer_ends_it(weber: Station, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            weber.accounts.log_in("M. Weber", OTHER)
    with pytest.raises(TooManyError) as slowed:
        weber.accounts.log_in("M. Weber", PASSWORD)  # the right one is not looked at either
    assert 0 < slowed.value.wait_s <= 31
    clock.wait(seconds=31)
    weber.accounts.log_in("M. Weber", PASSWORD)
    with pytest.raises(NotSignedInError):
        weber.accounts.log_in("M. Weber", OTHER)


def test_who_guesses_elsewhere_locks_nobody_out(weber: Station) -> None:
    def wrong(name: str, client: str) -> None:
        with pytest.raises(NotSignedInError):
            weber.accounts.log_in(name, OTHER, client=client)

    for n in range(5):
        wrong("M. Weber", "192.0.2.9")
        wrong(f"nobody {n}", "192.0.2.7")
    with pytest.raises(TooManyError):
        weber.accounts.log_in("M. Weber", PASSWORD, client="192.0.2.9")
    weber.accounts.log_in("M. Weber", PASSWORD, client="192.0.2.7")  # there others guessed other names
    for n in range(5):
        wrong("M. Weber", f"2001:db8::{n}")
    with pytest.raises(TooManyError):  # one network of IPv6 is one address
        weber.accounts.log_in("M. Weber", PASSWORD, client="2001:db8::ffff")
    weber.accounts.log_in("M. Weber", PASSWORD, client="2001:db8:0:1::1")


def test_a_new_password_ends_the_waiting(weber: Station, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            weber.accounts.log_in("M. Weber", OTHER)
    clock.wait(seconds=1)
    weber.accounts.change("M. Weber", password="quite another four words", by="A. Keller")
    weber.accounts.log_in("M. Weber", "quite another four words")
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            weber.accounts.log_in("M. Weber", OTHER)
    with pytest.raises(TooManyError):
        weber.accounts.log_in("M. Weber", "quite another four words")


def test_guesses_from_many_addresses_are_slowed_and_few_are_looked_at_at_once(weber: Station, clock: Clock) -> None:
    for n in range(10):
        with weber.accounts.turn("M. Weber", f"192.0.2.{n}") as delay:
            assert delay == 0
            with pytest.raises(NotSignedInError):
                weber.accounts.log_in("M. Weber", OTHER, client=f"192.0.2.{n}")
    with weber.accounts.turn("m. weber", "198.51.100.1") as delay:
        assert delay == 2
    with weber.accounts.turn("A. Keller", "198.51.100.1") as delay:
        assert delay == 0
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(weber.accounts.turn("A. Keller", "192.0.2.1"))
        with pytest.raises(TooManyError, match="at this moment"), weber.accounts.turn("M. Weber", "192.0.2.1"):
            pass
        held.enter_context(weber.accounts.turn("M. Weber", "198.51.100.1"))
    clock.wait(minutes=61)
    with weber.accounts.turn("M. Weber", "192.0.2.1") as delay:
        assert delay == 0


def test_a_pin_is_held_to_its_account_and_guessing_it_is_slowed(weber: Station) -> None:
    who = weber.accounts.who(weber.accounts.log_in("M. Weber", PASSWORD))
    weber.accounts.confirm(who, PIN)
    with pytest.raises(AccessError, match="needs your PIN"):
        weber.accounts.confirm(who, None)
    for _ in range(5):
        with pytest.raises(AccessError, match="PIN is wrong"):
            weber.accounts.confirm(who, "402818")
    with pytest.raises(TooManyError):
        weber.accounts.confirm(who, PIN)
    keller = weber.accounts.who(weber.accounts.log_in("A. Keller", OTHER))
    with pytest.raises(AccessError, match="has no PIN"):
        weber.accounts.confirm(keller, PIN)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "x" * 201, "new person"])
def test_a_password_that_is_guessed_is_refused(weber: Station, password: str) -> None:
    with pytest.raises(RequestError):
        weber.accounts.add("New Person", "operator", password)


@pytest.mark.parametrize("pin", ["1234", "111111", "123456", "987654", "４０２８１７", "40281a"])
def test_a_pin_that_is_guessed_is_refused(weber: Station, pin: str) -> None:
    with pytest.raises(RequestError):
        weber.accounts.change("M. Weber", pin=pin)


def test_accounts_are_one_a_name_and_the_first_is_an_administrators(station: Station) -> None:
    with pytest.raises(RequestError, match="first account"):
        station.accounts.add("M. Weber", "reviewer", PASSWORD)
    station.accounts.add("A. Keller", "administrator", PASSWORD)
    with pytest.raises(ConflictError, match="already"):
        station.accounts.add("a.  KELLER", "reviewer", PASSWORD)
    with pytest.raises(NotFoundError):
        station.accounts.change("M. Weber", disabled=True)
    with pytest.raises(RequestError, match="no role"):
        station.accounts.add("M. Weber", "king", PASSWORD)


def test_the_ledger_tells_who_made_whom_and_no_secret_is_in_the_home(weber: Station, tmp_path: Path) -> None:
    token = weber.accounts.log_in("M. Weber", PASSWORD)
    weber.accounts.change("M. Weber", password=OTHER + "!", by="A. Keller")
    told = [(e.kind, e.by, e.about) for e in weber.ledger.entries()][-2:]
    assert told == [
        ("account added", "A. Keller", {"account": "M. Weber", "role": "approver"}),
        ("account changed", "A. Keller", {"account": "M. Weber", "password": "changed"}),
    ]
    assert weber.check().ok
    files = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    assert b"argon2id" in files
    for secret in (PASSWORD, OTHER, PIN, token):
        assert secret.encode() not in files


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(review_home: Path, serve: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    with Station(Settings(home=review_home)) as station:
        station.accounts.add("A. Keller", "administrator", OTHER)
        station.accounts.add("M. Weber", "approver", PASSWORD, pin=PIN)
    with serve(review_home) as found:
        yield found


@pytest.fixture
def client(served: tuple[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served[0], trust_env=False, timeout=60) as found:
        yield found


def sign_in(client: httpx.Client, name: str = "M. Weber", password: str = PASSWORD) -> httpx.Response:
    return client.post(f"{API}/session", json={"name": name, "password": password})


def test_the_cookie_is_for_the_station_alone_and_new_at_each_sign_in(client: httpx.Client) -> None:
    client.cookies.set("station_session", "chosen-by-somebody-else")
    first = sign_in(client).headers["set-cookie"]
    second = sign_in(client).headers["set-cookie"]
    assert "HttpOnly" in first
    assert "SameSite=strict" in first
    assert "Secure" not in first
    assert "chosen-by-somebody-else" not in first
    assert first != second
    old = first.partition(";")[0].partition("=")[2]
    fresh = httpx.get(f"{client.base_url}{API}/units", cookies={"station_session": old}, trust_env=False, timeout=60)
    assert fresh.status_code == 401  # the session before ended with the new one


def test_a_page_without_a_session_leads_to_the_sign_in(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.get("/sign-in").status_code == 200
    sign_in(client)
    assert client.get("/").status_code == 200
    assert client.delete(f"{API}/session").status_code == 204
    assert client.get("/").status_code == 303


def test_what_is_decided_bears_the_name_of_the_account(client: httpx.Client) -> None:
    sign_in(client)
    path, body = f"{API}/units/1/reviews", {"decision": "accept", "reason": "dust", "reviewer": "somebody else"}
    refused = client.post(path, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not-allowed")
    assert client.post(path, json={**body, "reviewer": "M. Weber"}).json()["reviewer"] == "M. Weber"


def test_brute_force_over_http_is_told_when_to_come_again(client: httpx.Client) -> None:
    answers = [sign_in(client, password=f"guess number {i}") for i in range(8)]
    assert [a.status_code for a in answers] == [401] * 5 + [429] * 3
    assert 0 < int(answers[-1].headers["retry-after"]) <= 31


def test_no_secret_is_logged(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sign_in(client)
    sign_in(client, password="wrong but still secret")
    wrong = {"name": "x", "password": ["not", "a", "secret-text"], "pin": PIN}
    answer = client.post(f"{API}/session", json=wrong)
    assert answer.status_code == 422
    client.post(f"{API}/lots/L/1/decisions", json={"size": 100}, headers={"Station-PIN": PIN})
    token = client.cookies["station_session"]
    for secret in (PASSWORD, "wrong but still secret", "secret-text", PIN, token):
        assert secret not in answer.text
        assert not [r for r in caplog.records if r.name.startswith("station") and secret in r.getMessage()]


def test_accounts_are_kept_over_http(client: httpx.Client) -> None:
    sign_in(client, "A. Keller", OTHER)
    new = {"name": "Li Wei", "role": "operator", "password": PASSWORD, "pin": "730164"}
    made = client.post(f"{API}/accounts", json=new)
    assert made.status_code == 201
    assert "password" not in made.text
    names = [a["name"] for a in client.get(f"{API}/accounts?limit=2").json()["items"]]
    assert names == ["A. Keller", "Li Wei"]
    changed = client.patch(f"{API}/accounts/Li Wei", json={"role": "inspector"}, headers={"If-Match": '"old"'})
    assert (changed.status_code, changed.json()["error"]["code"]) == (412, "changed")
    assert client.patch(f"{API}/accounts/Li Wei", json={"role": "inspector"}).json()["role"] == "inspector"


def test_beyond_loopback_only_the_first_run_token_makes_the_first_account(tmp_path: Path) -> None:
    with Station(Settings(home=tmp_path / "h", host="192.0.2.7", plain_http=True)) as station:
        assert station.accounts.session(None).mode == "first-run"
        with pytest.raises(NotSignedInError):
            station.accounts.who(None)
        with pytest.raises(ConflictError):
            station.accounts.first_run("guessed", "A. Keller", PASSWORD)
        old, token = station.accounts.first_run_token(), station.accounts.first_run_token()
        assert old is not None
        assert token is not None
        with pytest.raises(ConflictError):
            station.accounts.first_run(old, "A. Keller", PASSWORD)
        assert station.accounts.first_run(token, "A. Keller", PASSWORD).role == "administrator"
        with pytest.raises(ConflictError):
            station.accounts.first_run(token, "B. Keller", PASSWORD)
        assert station.accounts.first_run_token() is None


def test_a_stream_of_events_ends_with_the_session(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.web.routes.events.RECHECK_S", 0.2)
    sign_in(client)
    with client.stream("GET", f"{API}/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        assert client.delete(f"{API}/session").status_code == 204
        for _ in lines:
            pass


def test_one_account_has_six_streams_of_events(client: httpx.Client) -> None:
    sign_in(client)
    with ExitStack() as held:
        streams = [held.enter_context(client.stream("GET", f"{API}/events")).iter_lines() for _ in range(6)]
        for stream in streams:
            next(stream)
        assert client.get(f"{API}/events?once=true").status_code == 429


def test_an_account_need_not_say_its_name(client: httpx.Client) -> None:
    sign_in(client)
    claim = client.put(f"{API}/units/1/claim", json={"window": "a-window-of-mine"})
    assert claim.json()["reviewer"] == "M. Weber"
    made = client.post(f"{API}/units/1/reviews", json={"decision": "accept", "reason": "dust"})
    assert (made.status_code, made.json()["reviewer"]) == (201, "M. Weber")
