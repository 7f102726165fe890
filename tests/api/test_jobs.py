"""Jobs and the files that are handed in for them."""

from __future__ import annotations

import ast
import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from station.errors import AccessError, NotFoundError, SheetError, TooManyError
from station.values.account import Role, Who
from station.values.digest import sha256_hex
from station.values.documents import Document
from station.web import jobs as module
from station.web import uploads as uploads_module
from station.web.asked_jobs import AskedJobs
from station.web.jobs import JobDocument, Jobs, Progress
from station.web.scratch import scratch
from station.web.uploads import Held, Uploads


class Made(Document):
    number: str


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    with closing(Jobs()) as found:
        yield found


def ended(jobs: Jobs, job: JobDocument) -> JobDocument:
    until = time.monotonic() + 60
    while jobs.get(job.id).ended_at is None:
        assert time.monotonic() < until
        time.sleep(0.005)
    return jobs.get(job.id)


def test_a_job_tells_how_far_it_is_and_answers_its_result(jobs: Jobs) -> None:
    go, told = threading.Event(), threading.Event()

    def work(progress: Progress) -> Made:
        progress.tell("measuring", 1, 3)
        told.set()
        assert go.wait(60)
        progress.picture = b"jpeg"
        return Made(number="GS-1")

    asked = jobs.start("seal", "MAS", work)
    assert (asked.state, asked.result) == ("waiting", None)
    assert told.wait(60)
    now = jobs.get(asked.id)
    assert (now.state, now.step, now.done, now.of, now.picture) == ("running", "measuring", 1, 3, False)
    with pytest.raises(NotFoundError, match="no picture"):
        jobs.picture(asked.id)
    go.set()
    done = ended(jobs, asked)
    assert (done.state, done.result, done.done, done.picture) == ("done", {"number": "GS-1"}, 3, True)
    assert jobs.picture(asked.id) == b"jpeg"


def test_the_file_of_a_job_is_kept_as_long_as_the_job_is(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JOBS", 2)

    def work(progress: Progress) -> Made:
        progress.place("GS-1.zip").write_bytes(b"PK")
        return Made(number="GS-1")

    first = ended(jobs, jobs.start("package", "GS-1", work))
    file = jobs.file(first.id)
    assert (first.file, file.name, file.read_bytes()) == ("GS-1.zip", "GS-1.zip", b"PK")
    plain = ended(jobs, jobs.start("seal", "GS-1", lambda _: Made(number="GS-1")))
    assert plain.file is None
    with pytest.raises(NotFoundError, match="has no file"):
        jobs.file(plain.id)
    other = ended(jobs, jobs.start("package", "GS-1", work))
    assert not file.exists()
    with pytest.raises(NotFoundError, match="there is no job"):
        jobs.file(first.id)
    left = jobs.file(other.id)
    jobs.close()
    assert not left.exists()


def test_a_job_that_failed_offers_no_file(jobs: Jobs) -> None:
    def work(progress: Progress) -> Made:
        progress.place("GS-1.zip").write_bytes(b"half")
        raise SheetError("it is wrong", "Correct it.")

    failed = ended(jobs, jobs.start("package", "GS-1", work))
    assert (failed.state, failed.file) == ("failed", None)
    with pytest.raises(NotFoundError, match="has no file"):
        jobs.file(failed.id)


def test_jobs_are_done_one_at_a_time_in_their_order_and_a_stopped_one_does_not_begin(jobs: Jobs) -> None:
    go, order = threading.Event(), []

    def numbered(n: int) -> Callable[[Progress], Made]:
        def work(_: Progress) -> Made:
            assert go.wait(60)
            order.append(n)
            return Made(number=str(n))

        return work

    first, second, third = (jobs.start("light", "bench-a", numbered(n)) for n in range(3))
    jobs.stop(second.id)
    go.set()
    assert [ended(jobs, j).state for j in (first, second, third)] == ["done", "stopped", "done"]
    assert order == [0, 2]
    assert [j.id for j in jobs.all()] == [third.id, second.id, first.id]


def test_what_fails_says_what_to_do_and_what_nobody_foresaw_does_not_tell_the_inside(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(_: Progress) -> Made:
        raise SheetError("the sheet is empty", "Write one.")

    def broken(_: Progress) -> Made:
        raise ZeroDivisionError("secret of the inside")

    failed = ended(jobs, jobs.start("draft", "", refused))
    assert failed.error is not None
    assert (failed.state, failed.error.code, failed.error.do) == ("failed", "bad-sheet", "Write one.")
    unforeseen = ended(jobs, jobs.start("draft", "", broken))
    assert unforeseen.error is not None
    assert "secret" not in unforeseen.error.message
    assert "ZeroDivisionError" in caplog.text


def test_changes_are_told_once(jobs: Jobs) -> None:
    _, before = jobs.changed(0)
    job = ended(jobs, jobs.start("light", "bench-a", lambda _: Made(number="1")))
    found, after = jobs.changed(before)
    assert [j.id for j in found] == [job.id]
    assert jobs.changed(after)[0] == []


def test_no_more_wait_than_are_taken_and_old_ones_are_forgotten(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_JOBS", 2)
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    first = ended(jobs, jobs.start("light", "a", lambda _: Made(number="1")))
    ended(jobs, jobs.start("light", "b", lambda _: Made(number="2")))
    ended(jobs, jobs.start("light", "c", lambda _: Made(number="3")))
    with pytest.raises(NotFoundError, match="no job"):
        jobs.get(first.id)
    go, began = threading.Event(), threading.Event()

    def held(_: Progress) -> Made:
        began.set()
        assert go.wait(60)
        return Made(number="4")

    jobs.start("light", "d", held)
    assert began.wait(60)
    jobs.start("light", "e", held)
    with pytest.raises(TooManyError, match="too many jobs"):
        jobs.start("light", "f", held)
    go.set()


def test_files_are_kept_for_an_hour_under_ids_that_cannot_be_guessed(tmp_path: Path) -> None:
    now = [0.0]
    uploads = Uploads(tmp_path, lambda: now[0])
    made, path = uploads.place("golden.png")
    path.write_bytes(b"picture")
    kept = uploads.keep(made, path)
    assert (kept.name, kept.size) == ("golden.png", 7)
    held = Held(uploads)
    assert (held.path(kept.id), held.given(None)) == (path, None)
    held.release()
    with pytest.raises(NotFoundError, match="handed in"):
        held.path("u-somethingelse")
    now[0] = uploads_module.KEPT_S + 1
    with pytest.raises(NotFoundError, match="handed in"):
        held.path(kept.id)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_whole_is_dropped_and_there_is_an_end_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "MOST_FILES", 1)
    uploads = Uploads(tmp_path)
    made, path = uploads.place("golden.png")
    path.write_bytes(b"half")
    uploads.drop(made)
    assert list(tmp_path.iterdir()) == []
    made, path = uploads.place("golden.png")
    path.write_bytes(b"whole")
    uploads.keep(made, path)
    with pytest.raises(TooManyError, match="too many files"):
        uploads.place("another.png")


def handed_in(uploads: Uploads, name: str) -> tuple[str, Path]:
    made, path = uploads.place(name)
    path.write_bytes(b"picture")
    uploads.keep(made, path)
    return made, path


def test_files_that_were_used_make_room_and_those_that_wait_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "MOST_FILES", 3)
    uploads = Uploads(tmp_path)
    (first, first_path), (second, _), (third, third_path) = (handed_in(uploads, f"{n}.png") for n in range(3))
    request = Held(uploads)
    request.path(first)
    with pytest.raises(TooManyError, match="too many files"):
        uploads.place("3.png")
    request.path(second)
    request.release()
    handed_in(uploads, "3.png")  # in the room of the oldest alone
    assert not first_path.exists()
    later = Held(uploads)
    later.path(second)  # named again
    with pytest.raises(NotFoundError, match="handed in"):
        later.path(first)
    with pytest.raises(TooManyError, match="too many files"):
        uploads.place("4.png")
    assert third_path.exists()
    assert later.path(third) == third_path


def test_the_files_of_a_job_stay_until_it_has_ended_however_long_it_waits(jobs: Jobs, tmp_path: Path) -> None:
    now, go = [0.0], threading.Event()
    uploads = Uploads(tmp_path, lambda: now[0])
    before = jobs.start("seal", "GS-1", lambda _: Made(number=str(go.wait(60))))
    asked = []
    for n in range(3):
        made, path = handed_in(uploads, f"{n}.png")
        request = Held(uploads)
        request.path(made)
        job = jobs.start("draft", "GS-1", lambda _, path=path: Made(number=path.read_text()), request)  # type: ignore[misc]
        request.release()
        asked.append((job, path))
    jobs.stop(asked[2][0].id)
    now[0] = 2 * uploads_module.KEPT_S
    handed_in(uploads, "another.png")  # what is too old is dropped by now
    assert [path.exists() for _, path in asked] == [
        True,
        True,
        False,
    ]  # a stopped one needs it no more
    go.set()
    assert [ended(jobs, j).state for j in (before, *(j for j, _ in asked))] == ["done", "done", "done", "stopped"]
    handed_in(uploads, "yet another.png")
    assert not any(path.exists() for _, path in asked)


def test_a_job_holds_its_files_before_any_turn_can_take_it(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn of a job that was stopped takes the next one that waits, at whatever moment."""
    go, begun, held = threading.Event(), threading.Event(), Held.again

    def slowly(files: Held) -> Held:
        go.set()
        if begun.wait(0.3):  # a job that holds nothing yet began: let it end before it does
            time.sleep(0.3)
        return held(files)

    monkeypatch.setattr(Held, "again", slowly)
    uploads, now = Uploads(tmp_path, lambda: now[0]), [0.0]
    made, path = handed_in(uploads, "1.png")
    request = Held(uploads)
    request.path(made)
    first, stopped = (jobs.start("draft", n, lambda _: Made(number=str(go.wait(60)))) for n in ("GS-1", "GS-2"))
    jobs.stop(stopped.id)

    def work(_: Progress) -> Made:
        begun.set()
        return Made(number=path.read_text())

    asked = jobs.start("draft", "GS-3", work, request)
    request.release()
    assert [ended(jobs, j).state for j in (first, asked)] == ["done", "done"]
    now[0] = 2 * uploads_module.KEPT_S
    handed_in(uploads, "another.png")
    assert not path.exists()  # nobody holds it for ever


def test_a_result_that_cannot_be_told_ends_the_job(jobs: Jobs) -> None:
    class Untold(Document):
        number: object

    failed = ended(jobs, jobs.start("draft", "GS-1", lambda _: Untold(number=object())))
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.code == "unexpected"


def test_a_job_that_meets_a_full_disk_says_so(jobs: Jobs) -> None:
    def work(_: Progress) -> Made:
        raise OSError(errno.ENOSPC, "No space left on device")

    failed = ended(jobs, jobs.start("package", "GS-1", work))
    assert failed.error is not None
    assert (failed.error.code, "disk is full" in failed.error.message) == ("storage-full", True)


def test_a_failure_names_fields_of_a_request_and_no_options(jobs: Jobs) -> None:
    def work(_: Progress) -> Made:
        raise SheetError("--again has no photo", "Give another --again.")

    failed = ended(jobs, jobs.start("draft", "GS-1", work))
    assert failed.error is not None
    assert (failed.error.message, failed.error.do) == ("again has no photo", "Give another again.")


def test_every_job_that_is_asked_for_with_files_holds_them() -> None:
    """A request that names files and begins a job gives it the files."""
    found = 0
    for source in (Path(module.__file__).parent / "routes").glob("*.py"):
        for route in ast.walk(ast.parse(source.read_text("utf-8"))):
            if not isinstance(route, ast.FunctionDef) or "uploads" not in {a.arg for a in route.args.args}:
                continue
            for call in ast.walk(route):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "jobs.start":
                    found += 1
                    assert ast.unparse(call.args[-1]) == "uploads", f"{source.name}: {route.name}"
    assert found > 10


def test_a_file_that_is_coming_holds_its_place_and_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_BYTES", 100)
    uploads = Uploads(tmp_path)
    first, _ = uploads.place("a.zip", size=60)
    with pytest.raises(TooManyError, match="too many files"):
        uploads.place("b.zip", size=41)
    second, path = uploads.place("b.zip")  # of unknown length
    uploads.grow(second, 40)
    with pytest.raises(TooManyError, match="too many files"):
        uploads.grow(second, 41)
    uploads.drop(second)
    uploads.place("c.zip", size=40)
    path = tmp_path / first / "a.zip"
    path.write_bytes(b"x" * 20)
    assert uploads.keep(first, path).sha256 == sha256_hex(b"x" * 20)
    uploads.place("d.zip", size=40)  # it was shorter than said


def test_a_place_that_cannot_be_made_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_FILES", 1)
    uploads = Uploads(tmp_path / "later")
    with pytest.raises(OSError, match="No such file"):
        uploads.place("1.png")
    (tmp_path / "later").mkdir()
    uploads.place("1.png")


def test_one_account_takes_half_of_the_places_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_FILES", 4)
    monkeypatch.setattr(uploads_module, "MOST_BYTES", 100)
    uploads = Uploads(tmp_path)
    uploads.place("a.png", owner="Li", size=50)
    with pytest.raises(TooManyError, match="of Li wait"):
        uploads.place("b.png", owner="Li", size=1)
    uploads.place("b.png", owner="Li")
    with pytest.raises(TooManyError, match="of Li wait"):
        uploads.place("c.png", owner="Li")
    uploads.place("c.png", owner="M. Weber", size=50)


def test_a_job_that_waits_is_stopped_at_once_and_frees_its_place(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    go, began = threading.Event(), threading.Event()

    def held(_: Progress) -> Made:
        began.set()
        assert go.wait(60)
        return Made(number="1")

    jobs.start("light", "a", held)
    assert began.wait(60)
    waiting = jobs.start("light", "b", held)
    stopped = jobs.stop(waiting.id)
    assert (stopped.state, stopped.ended_at is not None) == ("stopped", True)
    last = jobs.start("light", "c", held)
    go.set()
    assert ended(jobs, last).state == "done"


def test_one_account_does_not_fill_the_queue_and_sealing_goes_first(jobs: Jobs) -> None:
    go, began, order = threading.Event(), threading.Event(), []
    li, weber = Who("Li", "operator", 1), Who("M. Weber", "approver", 2)

    def named(name: str) -> Callable[[Progress], Made]:
        def work(_: Progress) -> Made:
            began.set()
            assert go.wait(60)
            order.append(name)
            return Made(number="1")

        return work

    jobs.start("pair", "", named("running"), by=li)
    assert began.wait(60)
    for n in range(3):
        jobs.start("pair", "", named(str(n)), by=li)
    with pytest.raises(TooManyError, match="3 jobs of Li wait"):
        jobs.start("pair", "", named("4"), by=li)
    seal = jobs.start("seal", "", named("seal"), by=weber)
    last = jobs.start("pair", "", named("last"), by=weber)
    go.set()
    assert ended(jobs, seal).state == ended(jobs, last).state == "done"
    assert order == ["running", "seal", "0", "1", "2", "last"]


def test_what_a_job_made_is_for_the_roles_that_may_start_it(jobs: Jobs) -> None:
    def work(progress: Progress) -> Made:
        progress.picture = b"jpeg"
        progress.place("GS-1.zip").write_bytes(b"PK")
        return Made(number="GS-1")

    reviewers = frozenset[Role]({"reviewer", "approver"})
    reviewer = AskedJobs(jobs, Who("R", "reviewer", 1), reviewers)
    operator = AskedJobs(jobs, Who("O", "operator", 2), frozenset[Role]({"operator"}))
    made = ended(jobs, reviewer.start("package", "GS-1", work))
    assert reviewer.file(made.id).name == "GS-1.zip"
    assert (reviewer.get(made.id), AskedJobs(jobs, Who(), reviewers).get(made.id)) == (made, made)
    for closed in (operator.file, operator.picture):
        with pytest.raises(AccessError, match="not for this role"):
            closed(made.id)
    seen = (operator.get(made.id), operator.all()[0], operator.changed(0)[0][0])
    assert {(j.state, j.result is None, j.file, j.picture) for j in seen} == {("done", True, None, False)}
    with pytest.raises(AccessError, match="asked for by R"):
        operator.stop(made.id)
    own = operator.start("pair", "", work)
    operator.stop(own.id)
    reviewer.stop(own.id)


def test_what_a_killed_server_left_is_removed_and_a_running_one_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("station.web.scratch._YOUNG_S", 0.0)
    left = tmp_path / "station-served-left"
    left.mkdir()
    (left / "in-use.lock").touch()
    (left / "half.zip").write_bytes(b"PK")
    with scratch() as mine:
        assert not left.exists()
        with scratch() as other:
            assert mine.is_dir()
            assert other.is_dir()
    assert list(tmp_path.iterdir()) == []
