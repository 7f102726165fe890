"""Claims on units, second looks and disagreements over the API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.client import Client, Refused
from station.service import Station
from station.settings import Settings
from station.values.documents import Verdict

API = "/api/v1"
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
MINE, THEIRS = "window-of-weber", "window-of-wang"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def station(review_home: Path, clock: Clock) -> Iterator[Station]:
    with Station(Settings(home=review_home), clock=clock) as found:
        yield found


@pytest.fixture
def weber(server: tuple[str, Any]) -> Iterator[Client]:
    with Client(server[0]) as found:
        yield found


@pytest.fixture
def wang(server: tuple[str, Any]) -> Iterator[Client]:
    with Client(server[0]) as found:
        yield found


def refused(call: Callable[[], Any], code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    assert (caught.value.status, caught.value.code) == (409, code)
    return caught.value


def test_a_claim_ends_by_itself_unless_it_is_renewed(station: Station, clock: Clock) -> None:
    first = station.claiming.take(1, "M. Weber", MINE)
    assert (first.unit, first.reviewer, first.since, first.until) == (
        "unit-1", "M. Weber", NOON, NOON + timedelta(seconds=90)
    )  # fmt: skip
    clock.now += timedelta(seconds=60)
    renewed = station.claiming.take(1, "M. Weber", MINE)
    assert (renewed.since, renewed.until) == (NOON, NOON + timedelta(seconds=150))
    clock.now += timedelta(seconds=89)
    assert station.claiming.standing() == [renewed]
    clock.now += timedelta(seconds=1)
    assert station.claiming.standing() == []
    assert station.claiming.take(1, "Wang", THEIRS).since == clock.now
    found = station.check()  # claims are no records
    assert (found.added, found.ledger_entries) == ((), 5)


def test_a_claim_from_before_the_clock_was_set_back_has_ended(station: Station, clock: Clock) -> None:
    station.claiming.take(1, "M. Weber", MINE)
    clock.now -= timedelta(hours=1)
    assert station.claiming.standing() == []
    assert station.claiming.take(1, "Wang", THEIRS).reviewer == "Wang"


def test_a_claim_outlives_the_process_that_wrote_it(review_home: Path, clock: Clock) -> None:
    with (
        Station(Settings(home=review_home), clock=clock) as one,
        Station(Settings(home=review_home), clock=clock) as other,
    ):
        one.claiming.take(1, "M. Weber", MINE)
        assert [c.reviewer for c in other.claiming.standing()] == ["M. Weber"]


def test_another_reviewer_neither_claims_nor_decides_a_claimed_unit(weber: Client, wang: Client) -> None:
    weber.claim(1, reviewer="M. Weber", window=MINE)
    said = refused(lambda: wang.claim(1, reviewer="Wang", window=THEIRS), "claimed")
    assert said.message.startswith("M. Weber has been looking at unit-1 since ")
    refused(lambda: wang.review(1, "reject", reviewer="Wang", reason="enamel defect"), "claimed")
    assert wang.get("/units/1/reviews") == []
    weber.claim(1, reviewer=" m. WEBER", window="another-window")  # the same person, elsewhere
    assert weber.review(1, "reject", reviewer="M. Weber", reason="enamel defect", supersedes=0).supersedes is None
    assert wang.claims() == []  # deciding ends the claim
    assert wang.review(1, "reject", reviewer="Wang", reason="enamel defect").disputes is None


def test_a_claim_is_taken_over_and_what_was_recorded_is_still_not_overwritten(weber: Client, wang: Client) -> None:
    weber.claim(1, reviewer="M. Weber", window=MINE)
    assert wang.claim(1, reviewer="Wang", window=THEIRS, take_over=True).reviewer == "Wang"
    weber.release(1, window=MINE)  # it is not this window's any more
    assert [c.reviewer for c in weber.claims()] == ["Wang"]
    weber.review(1, "reject", reviewer="M. Weber", reason="enamel defect", supersedes=0, take_over=True)
    late = lambda: wang.review(1, "reject", reviewer="Wang", reason="pit", supersedes=0, take_over=True)  # noqa: E731
    refused(late, "conflict")


def test_a_window_has_one_claim_and_releases_it(weber: Client) -> None:
    weber.claim(1, reviewer="M. Weber", window=MINE)
    weber.claim(2, reviewer="M. Weber", window=MINE)
    assert [c.unit_id for c in weber.claims()] == [2]
    weber.release(2, window=MINE)
    assert weber.claims() == []


def test_of_many_who_claim_one_unit_at_once_one_has_it(server: tuple[str, Any]) -> None:
    def claim(number: int) -> str:
        with Client(server[0]) as client:
            try:
                return client.claim(1, reviewer=f"reviewer {number}", window=f"window-{number}").reviewer
            except Refused as refused:
                return refused.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(claim, range(8)))
    assert sorted(a == "claimed" for a in answers) == [False] + 7 * [True]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/units/99/claim", {"reviewer": "Wang", "window": THEIRS}, 404),
        ("PUT", "/units/1/claim", {"reviewer": " ", "window": THEIRS}, 422),
        ("PUT", "/units/1/claim", {"reviewer": "Wang", "window": "short"}, 422),
        ("PUT", "/units/1/claim", {"reviewer": "Wang\x07", "window": THEIRS}, 422),
        ("DELETE", "/units/1/claim", None, 422),
    ],
)
def test_claims_that_make_no_sense(client: httpx.Client, method: str, path: str, body: Any, status: int) -> None:
    answer = client.request(method, API + path, json=body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "do"}


def test_a_listener_hears_who_looks_at_what(server: tuple[str, Any], weber: Client) -> None:
    weber.claim(1, reviewer="M. Weber", window=MINE)
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{server[0]}{API}/events", trust_env=False, timeout=60) as answer:
            name = ""
            for line in answer.iter_lines():
                name = line[7:] if line.startswith("event: ") else name
                if line.startswith("data: ") and name == "claims":
                    heard.append(line)
                    ready.set()
                    if len(heard) == 3:
                        return

    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(listen)
        assert ready.wait(30)
        weber.claim(1, reviewer="M. Weber", window=MINE)  # renewing tells nothing
        weber.claim(2, reviewer="M. Weber", window=MINE)
        while len(heard) < 2:
            assert not listening.done()
        weber.release(2, window=MINE)
        listening.result(30)
    assert '"unit":"unit-1","reviewer":"M. Weber"' in heard[0]
    assert '"unit":"unit-2","reviewer":"M. Weber"' in heard[1]
    assert heard[2] == 'data: {"claims":[]}'


# --- second looks ----------------------------------------------------------------------------------------------------


def test_who_deferred_a_unit_does_not_settle_it(weber: Client) -> None:
    weber.review(4, "defer", reviewer="M. Weber", reason="second reviewer wanted")
    said = refused(lambda: weber.review(4, "accept", reviewer="m. weber"), "conflict")
    assert said.message == "m. weber deferred this unit, and a second reviewer is to settle it"
    assert [u.unit for u in weber.queue(second_look=True)] == ["unit-4"]
    weber.review(4, "accept", reviewer="Wang")
    assert weber.queue(second_look=True) == []
    weber.review(2, "defer", reviewer="M. Weber", reason="second reviewer wanted")
    weber.review(2, "undo", reviewer="M. Weber")  # deferred by mistake
    weber.review(2, "accept", reviewer="M. Weber")


def test_two_decisions_that_differ_are_both_kept_until_a_third_decides(station: Station) -> None:
    before = station.lot("L/1")
    first = station.review(2, "accept", reviewer="M. Weber")
    assert station.unit(2).standing is Verdict.CONFORMS
    second = station.review(2, "reject", "enamel defect", "Wang", expected=first.id)
    assert (second.supersedes, second.disputes) == (first.id, first.id)
    unit = station.unit(2)
    assert (unit.standing, unit.review) == (Verdict.UNDECIDED, second)
    assert [u.unit for u in station.queue("L/1", second_look=True)] == ["unit-2"]
    assert [u.unit for u in station.queue("L/1", settled=True)] == []
    lot = station.lot("L/1")
    assert (lot.undecided, lot.waiting) == (before.undecided, before.waiting)
    assert station.watching.progress("L/1").waiting == before.waiting
    assert station.lot_tally("L/1", 4).undecided == before.undecided
    third = station.review(2, "reject", "enamel defect", "K. Lang")
    assert third.disputes is None
    assert station.unit(2).standing is Verdict.NONCONFORMS
    assert [r.reviewer for r in station.reviews(2)] == ["M. Weber", "Wang", "K. Lang"]
    assert station.watching.after(0)[-2].about == {
        "unit": 2, "decision": "reject", "lot": "L/1", "disputes": first.id
    }  # fmt: skip
    assert station.check().added == ()


def test_a_unit_that_conforms_waits_too_where_it_is_deferred_or_disputed(station: Station) -> None:
    before = station.lot("L/1").waiting
    for reviewer, decision in (("M. Weber", "defer"), ("Wang", "accept"), ("K. Lang", "reject")):
        station.review(3, decision, "width, by calliper", reviewer)
        waits = decision != "accept"
        assert ("unit-3" in [u.unit for u in station.queue(second_look=True)]) is waits
        assert station.lot("L/1").waiting == station.watching.progress("L/1").waiting == before + waits
    station.review(3, "undo", reviewer="K. Lang")
    assert station.lot("L/1").waiting == before


def test_an_approver_settles(station: Station) -> None:
    station.review(2, "accept", reviewer="M. Weber")
    assert station.review(2, "reject", "enamel defect", "Wang").disputes is not None
    assert station.review(2, "accept", reviewer="M. Weber", approves=True).disputes is None
    assert station.unit(2).standing is Verdict.CONFORMS


def test_a_nonconforming_unit_is_not_accepted_without_a_reason(client: httpx.Client) -> None:
    body = {"decision": "accept", "reviewer": "M. Weber"}
    answer = client.post(f"{API}/units/1/reviews", json=body)
    assert answer.status_code == 422
    assert "accepting it needs a reason" in answer.json()["error"]["message"]
    answer = client.post(f"{API}/units/1/reviews", json=body | {"reason": "dust, wiped off"})
    assert (answer.status_code, answer.json()["supersedes"]) == (201, None)


def test_a_queue_is_settled_or_for_a_second_look(client: httpx.Client) -> None:
    assert client.get(f"{API}/queue", params={"settled": True, "second_look": True}).status_code == 422


def test_who_looks_and_then_changes_is_alone_in_the_home(review_home: Path) -> None:
    inside = threading.Event()
    with Station(Settings(home=review_home)) as one, Station(Settings(home=review_home)) as other:

        def change() -> None:
            with other.changing(), other.changing():
                inside.set()

        changing = threading.Thread(target=change)
        with one.changing():
            changing.start()
            assert not inside.wait(0.3)
            one.claiming.take(1, "M. Weber", MINE)  # transactions go on
        assert inside.wait(30)
        changing.join()


def test_a_claim_is_ended_by_its_account_alone(review_home: Path) -> None:
    with Station(Settings(home=review_home)) as station:
        station.claiming.take(1, "M. Weber", MINE)
        station.claiming.release(1, MINE, reviewer="Wang")
        assert [c.reviewer for c in station.claiming.standing()] == ["M. Weber"]
        station.claiming.release(1, MINE, reviewer="M. Weber")
        assert station.claiming.standing() == []
