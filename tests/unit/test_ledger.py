"""The ledger: its rules alone, and in a home of either database."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from signed_home import NUMBER, build, seal
from tampering import TamperedHome, report

from station.errors import ConflictError, RequestError, StoreError
from station.quality.ledger import (
    GENESIS,
    Entry,
    Head,
    Link,
    chain_faults,
    cites_digest,
    clock_remarks,
    head_value,
    link_hash,
    proof_faults,
    witness_faults,
)
from station.quality.signing import LEDGER_HEAD, PACKAGE, public_of, public_pem, read_public, sign, verify
from station.service import Station
from station.settings import Settings
from station.store import ledger, records, sign_offs, tables
from station.store.audit import audit
from station.store.database import Database, sqlite_url
from station.store.evidence import Evidence
from station.store.keys import KeyRing
from station.store.row_digests import COVERED
from station.values.digest import canonical_json, sha256_hex

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
NOON = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


# --- the rules -------------------------------------------------------------------------------------------------------


def chain(minutes: list[float], key: Ed25519PrivateKey = KEY) -> list[Entry]:
    """Entries at these minutes after noon."""
    made, previous = [], GENESIS
    for n, m in enumerate(minutes, 1):
        content = canonical_json(
            {"kind": "k", "at": (NOON + timedelta(minutes=m)).isoformat(), "by": "", "about": {},
             "rows": {"count": 0, "sha256": cites_digest(())}}
        ).decode()  # fmt: skip
        hash = link_hash(n, previous, sha256_hex(content.encode()))
        made.append(Entry(n, content, hash, public_of(key), sign(key, LEDGER_HEAD, head_value(n, hash))))
        previous = hash
    return made


def changed(entry: Entry, **more: str) -> Entry:
    return Entry(**{k: getattr(entry, k) for k in ("sequence", "content", "hash", "key", "signature")} | more)


def test_a_whole_chain_has_no_faults() -> None:
    assert chain_faults(chain([0, 1, 2]), [public_of(KEY)]) == []
    assert chain_faults([], []) == []


def test_a_changed_entry_is_named_and_the_next_ones_are_not_blamed_twice() -> None:
    entries = chain([0, 1, 2, 3])
    entries[1] = changed(entries[1], content=entries[1].content.replace('"by":""', '"by":"x"'))
    assert chain_faults(entries, [public_of(KEY)]) == [
        ("changed", "ledger entry 2: its content or its hash, or entry 1 before it")
    ]


def test_another_spelling_of_the_same_content_is_named() -> None:
    entries = chain([0])
    entries[0] = changed(entries[0], content=json.dumps(json.loads(entries[0].content)))
    assert chain_faults(entries, [public_of(KEY)]) == [
        ("changed", "ledger entry 1: its content or its hash, or entry 0 before it")
    ]


def test_missing_entries_are_named_by_number() -> None:
    entries = chain([0, 1, 2, 3, 4])
    assert chain_faults([entries[0], *entries[3:]], [public_of(KEY)]) == [("missing", "ledger entries 2 to 3")]
    assert chain_faults(entries[1:], [public_of(KEY)]) == [("missing", "ledger entry 1")]


def test_a_chain_made_anew_by_somebody_without_the_key_is_named() -> None:
    (fault,) = chain_faults(chain([0, 1, 2], OTHER), [public_of(KEY)])
    assert fault == (
        "changed",
        f"ledger entries 1 to 3: signed by key {public_of(OTHER)}, which this home does not know",
    )


def test_a_signature_of_another_entry_is_named() -> None:
    entries = chain([0, 1])
    swapped = [changed(entries[0], signature=entries[1].signature), changed(entries[1], signature=entries[0].signature)]
    assert [place.partition(":")[0] for _, place in chain_faults(swapped, [public_of(KEY)])] == [
        "ledger entry 1", "ledger entry 2",
    ]  # fmt: skip


def test_a_head_kept_elsewhere_shows_a_cut_end_and_a_past_written_anew() -> None:
    entries = chain([0, 1, 2])
    assert witness_faults(entries[1].head, entries, where="the head") == []
    assert witness_faults(entries[2].head, entries[:1], where="the head") == [
        ("missing", "ledger entries 2 to 3: the head was signed with entry 3")
    ]
    assert witness_faults(entries[0].head, chain([5, 6]), where="the head") == [
        ("changed", "ledger up to entry 1: the head names another hash for it")
    ]
    noted = Head(3, entries[2].hash, "", "")  # number and hash as a person wrote them down
    assert witness_faults(noted, entries[:2], where="the note") == [
        ("missing", "ledger entry 3: the note was signed with entry 3")
    ]


def test_a_clock_that_was_set_back_is_said() -> None:
    assert clock_remarks(chain([0, 1, 2])) == []
    (remark,) = clock_remarks(chain([0, 60, 30, 31]))
    assert remark.startswith("ledger entry 3: the clock was set back by 30 min")


def test_a_proof_leads_to_its_head_with_contents_left_out() -> None:
    entries = chain([0, 1, 2, 3])
    digests = [sha256_hex(e.content.encode()) for e in entries]
    links = [Link(entries[1].content, digests[1]), Link(None, digests[2]), Link(entries[3].content, digests[3])]
    assert proof_faults(2, entries[0].hash, links, entries[3].head) == []
    assert proof_faults(2, entries[0].hash, links[:2], entries[3].head) != []
    assert proof_faults(2, GENESIS, links, entries[3].head) != []
    assert proof_faults(2, entries[0].hash, [Link(None, digests[0]), *links[1:]], entries[3].head) != []


@settings(max_examples=200)
@given(st.integers(0, 3), st.sampled_from(("content", "hash", "key", "signature")), st.data())
def test_any_changed_letter_of_any_entry_is_named(at: int, column: str, data: st.DataObject) -> None:
    entries = chain([0, 1, 2, 3])
    text = getattr(entries[at], column)
    where = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[where]))
    entries[at] = changed(entries[at], **{column: text[:where] + letter + text[where + 1 :]})
    places = [place for _, place in chain_faults(entries, [public_of(KEY)])]
    assert any(f"entry {at + 1}" in p or f"entries {at + 1}" in p for p in places)


# --- keys and signatures ---------------------------------------------------------------------------------------------


def test_a_signature_holds_for_its_purpose_and_its_value_alone() -> None:
    made = sign(KEY, LEDGER_HEAD, {"a": 1})
    public = public_of(KEY)
    assert verify(public, LEDGER_HEAD, {"a": 1}, made)
    assert not verify(public, PACKAGE, {"a": 1}, made)
    assert not verify(public, LEDGER_HEAD, {"a": 2}, made)
    assert not verify(public_of(OTHER), LEDGER_HEAD, {"a": 1}, made)
    assert not verify(public, LEDGER_HEAD, {"a": 1}, made.upper())
    assert not verify("no key", LEDGER_HEAD, {"a": 1}, "no signature")


def test_the_first_test_vector_of_rfc_8032() -> None:
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert public_of(key) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


def test_a_public_key_is_read_from_pem_digits_and_base64() -> None:
    public = public_of(KEY)
    import base64

    for text in (public, public.upper(), public_pem(public), base64.b64encode(bytes.fromhex(public)).decode()):
        assert read_public(text, name="k") == public


@pytest.mark.parametrize("text", ["", "hello", "ab" * 31, "-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="k is no public key"):
        read_public(text, name="k")


def test_a_private_key_is_refused_where_a_public_one_is_asked_for(tmp_path: Path) -> None:
    KeyRing(tmp_path / "keys").sign(LEDGER_HEAD, 1)
    with pytest.raises(RequestError, match="private key, which nobody else may have"):
        read_public((tmp_path / "keys" / "station.pem").read_text(), name="k")


def test_the_key_is_made_on_first_use_and_is_its_owners_alone(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "home" / "keys")
    assert not ring.folder.exists()
    public = ring.public
    assert stat.S_IMODE((ring.folder / "station.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700
    assert KeyRing(ring.folder).public == public
    assert KeyRing(ring.folder).trusted() == {public: "this station"}
    (ring.folder / "station.pem").chmod(0o644)
    assert "can be read by others (mode 0644)" in ring.remarks()[0]


def test_a_lost_private_key_is_not_quietly_replaced(tmp_path: Path) -> None:
    KeyRing(tmp_path / "keys").sign(LEDGER_HEAD, 1)
    (tmp_path / "keys" / "station.pem").unlink()
    with pytest.raises(StoreError, match="is missing, and its public half is there"):
        KeyRing(tmp_path / "keys").sign(LEDGER_HEAD, 1)


# --- in a home -------------------------------------------------------------------------------------------------------


@pytest.fixture
def db(store_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(store_url, home=tmp_path)
    database.ensure()
    yield database
    database.close()


def rig(db: Database, name: str) -> None:
    records.add_rig(db, name=name, digest=name, document="{}", at=NOON)


def contents(db: Database) -> list[dict[str, object]]:
    with db.read() as c:
        return [json.loads(e.content) for e in ledger.entries(c)]


def test_a_record_enters_the_ledger_in_its_own_transaction(db: Database, tmp_path: Path) -> None:
    rig(db, "a")
    (entry,) = contents(db)
    assert (entry["kind"], entry["rows"]["count"]) == ("rig registered", 1)  # type: ignore[index]

    class OddError(Exception):
        pass

    def fail() -> None:
        with db.write() as c:
            ledger.insert(c, tables.rigs, {"name": "b", "digest": "b", "document": "{}", "added_at": NOON})
            db.ledger.enter(c, "rig registered")
            raise OddError

    with pytest.raises(OddError):
        fail()
    assert len(contents(db)) == 1
    assert audit(db, Evidence(tmp_path / "evidence")).ok


def test_the_same_record_again_is_no_entry(db: Database) -> None:
    rig(db, "a")
    rig(db, "a")
    assert len(contents(db)) == 1


def test_what_nobody_entered_is_entered_all_the_same(db: Database, tmp_path: Path) -> None:
    with db.write() as c:
        ledger.insert(c, tables.rigs, {"name": "b", "digest": "b", "document": "{}", "added_at": NOON})
    assert [e["kind"] for e in contents(db)] == ["recorded"]
    assert audit(db, Evidence(tmp_path / "evidence")).ok


def test_entries_of_several_connections_make_one_chain(db: Database, store_url: str, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(k: int) -> None:
        mine = Database(store_url, home=tmp_path)
        for i in range(4):
            rig(mine, f"{k} {i}")
        mine.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    with db.read() as c:
        entries = ledger.entries(c)
    assert [e.sequence for e in entries] == list(range(1, 13))
    assert chain_faults(entries, db.ledger.keys.trusted()) == []


def test_a_row_changed_in_either_database_is_named(db: Database, tmp_path: Path) -> None:
    rig(db, "a")
    rig(db, "b")
    with db.write() as c:
        c.exec_driver_sql("UPDATE rigs SET document = '{ }' WHERE name = 'b'")
        c.exec_driver_sql("INSERT INTO rigs (id, name, digest, document, added_at) SELECT 9, 'c', 'c', 'c', added_at FROM rigs WHERE name = 'a'")  # noqa: E501  # fmt: skip
        c.exec_driver_sql("DELETE FROM rigs WHERE name = 'a'")
    found = audit(db, Evidence(tmp_path / "evidence"))
    assert found.changed == ("record 2 of rigs: not as ledger entry 2 cites it",)
    assert found.missing == ("record 1 of rigs, which ledger entry 1 cites",)
    assert found.added == ("record 9 of rigs: it stands in no entry of the ledger",)
    assert not found.ok


def test_a_trigger_that_is_gone_is_named(db: Database, tmp_path: Path) -> None:
    drop = "DROP TRIGGER reviews_no_update" if db.on_sqlite else "ALTER TABLE reviews DISABLE TRIGGER ALL"
    with db.write() as c:
        c.exec_driver_sql(drop)
    assert audit(db, Evidence(tmp_path / "evidence")).changed == (
        "database: the triggers that keep table reviews append-only are gone",
    )


@pytest.mark.parametrize("table", ["ledger", "ledger_rows"])
def test_the_ledger_cannot_be_changed(db: Database, table: str) -> None:
    rig(db, "a")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET sequence = sequence + 1"):
        with pytest.raises(ConflictError, match="append-only"), db.write() as c:
            c.exec_driver_sql(statement)


def test_every_table_stands_in_the_ledger() -> None:
    """A table that is added either is entered by whoever writes to it, or is named here with the reason why not."""
    outside = {"ledger": "the chain itself", "ledger_rows": "held by the digest in its entry"}
    outside |= {"sessions": "they end and prove nothing", "request_keys": "answers kept for a week"}
    outside |= {"unit_claims": "they end by themselves and prove nothing"}
    assert {t.name for t in COVERED} == tables.metadata.tables.keys() - outside.keys()
    assert all(len(t.primary_key.columns) == 1 for t in COVERED)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("whole") / "home"
    build(home)
    return home


@pytest.fixture(scope="module")
def tampered_home(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TamperedHome]:
    home = TamperedHome(whole, tmp_path_factory.mktemp("copy"))
    yield home
    home.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_tampering_with_a_home_is_found_and_named(tampered_home: TamperedHome, seed: int) -> None:
    with tampered_home.tampered(seed) as tampered:
        said = report(tampered_home.audit())
        assert any(word in line for word in tampered.named for line in said), (tampered, said)
    assert tampered_home.audit().ok


@pytest.mark.parametrize("at", [b"2026-05-10T12:00:00.0\xdc0000+00:00", b"2026-05-10T12:00:00.000000+00:00x", b""])
def test_a_time_that_is_none_any_more_stops_no_walk(tampered_home: TamperedHome, at: bytes) -> None:
    """Of a signature, whose statement is looked at besides; what is read of it says so in one line."""
    try:
        with tampered_home.open() as c:
            key = c.execute("SELECT min(id) FROM sign_offs").fetchone()[0]
            c.execute("UPDATE sign_offs SET at = CAST(? AS TEXT) WHERE id = ?", (at, key))
        assert any(f"record {key} of sign_offs" in line for line in report(tampered_home.audit()))
        with pytest.raises(StoreError, match="station check"):
            sign_offs.sign_offs(tampered_home.db, NUMBER)
    finally:
        with tampered_home.tampered(0):
            pass


def test_a_cut_end_stays_known_when_the_ledger_goes_on(tampered_home: TamperedHome) -> None:
    try:
        with tampered_home.open() as c:
            last = int(c.execute("SELECT max(sequence) FROM ledger").fetchone()[0])
            c.execute("DELETE FROM ledger_rows WHERE sequence >= ?", (last - 1,))
            c.execute("DELETE FROM ledger WHERE sequence >= ?", (last - 1,))
        for name in ("x", "y", "z"):
            rig(tampered_home.db, name)
        (aside,) = (tampered_home.home / "keys").glob("head-*.json")
        assert f"ledger up to entry {last}: {aside} names another hash for it" in report(tampered_home.audit())
    finally:
        for file in (tampered_home.home / "keys").glob("head-*.json"):
            file.unlink()
        with tampered_home.tampered(0):
            pass


def test_a_head_noted_elsewhere_shows_a_home_put_back_to_an_older_state(whole: Path, tmp_path: Path) -> None:
    import shutil

    home = Path(shutil.copytree(whole, tmp_path / "home"))
    older = Path(shutil.copytree(home, tmp_path / "older"))
    with Station(Settings(home=home)) as station:
        rig(station._db, "new")
        noted = station.ledger.head().head
        assert station.check(noted).ok
    with Station(Settings(home=older)) as station:
        assert station.check().ok  # by itself it is whole
        found = station.check(noted)
        assert found.missing == (f"ledger entry {noted.partition(':')[0]}: the head that was given was signed with "
                                 f"entry {noted.partition(':')[0]}",)  # fmt: skip
        with pytest.raises(RequestError, match="is no head of a ledger"):
            station.check("12:abc")


def test_a_clock_set_back_is_said_and_not_refused(tmp_path: Path) -> None:
    times = iter([NOON, NOON, NOON - timedelta(days=1), NOON])
    with Station(Settings(home=tmp_path / "home"), clock=lambda: next(times, NOON)) as station:
        for name in ("a", "b", "c", "d"):
            rig(station._db, name)
        found = station.check()
        assert found.ok
        assert found.remarks == ("ledger entry 3: the clock was set back by 24 h; entries go by their numbers",)
        assert [e.sequence for e in station.ledger.entries()] == [1, 2, 3, 4]


def test_a_home_with_a_past_is_taken_over_as_one_entry(empty_url: str, tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from station.store import database

    db, evidence = Database(empty_url, home=tmp_path), Evidence(tmp_path / "evidence")
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with db.write() as c:
        config.attributes["connection"] = c
        command.upgrade(config, "0006")
        for name in ("a", "b"):
            c.execute(sa.insert(tables.rigs).values(name=name, digest=name, document="{}", added_at=NOON))
    db.upgrade()
    (entry,) = contents(db)
    assert (entry["kind"], entry["about"]["rows"]) == ("taken over", {"rigs": 2})  # type: ignore[index]
    assert audit(db, evidence).ok
    rig(db, "c")
    assert audit(db, evidence).ok
    with db.write() as c:
        c.exec_driver_sql("UPDATE rigs SET digest = 'x' WHERE name = 'a'")
    assert audit(db, evidence).changed == ("record 1 of rigs: not as ledger entry 1 cites it",)
    db.close()


def test_another_stations_key_is_trusted_by_name(whole: Path, tmp_path: Path) -> None:
    import shutil

    home = Path(shutil.copytree(whole, tmp_path / "home"))
    (home / "keys").rename(tmp_path / "lost")  # the keys are gone, and the station makes new ones
    with Station(Settings(home=home)) as station:
        rig(station._db, "new")
        (fault,) = [f for f in station.check().changed if "does not know" in f]
        assert fault.startswith("ledger entries 1 to ")
        with pytest.raises(RequestError, match="reads like a path"):
            station.ledger.trust(tmp_path / "lost" / "station.pub", "../x")
        made = station.ledger.trust(tmp_path / "lost" / "station.pub", "before 2027")
        assert station.check().ok
        assert [k.name for k in station.ledger.known_keys()] == ["before 2027", "this station"]
        assert made.fingerprint == station.ledger.known_keys()[0].fingerprint
        with pytest.raises(ConflictError, match="another key is trusted as before 2027"):
            station.ledger.trust(home / "keys" / "station.pub", "before 2027")


def test_text_that_is_no_text_any_more_is_named_and_the_walk_goes_on(whole: Path, tmp_path: Path) -> None:
    home = TamperedHome(whole, tmp_path)
    with home.open() as c:
        c.execute("UPDATE reviews SET reason = CAST(x'ff80' AS TEXT), at = 'never' WHERE id = 1")
        c.execute("UPDATE units SET document = CAST(x'7bff' AS TEXT) WHERE id = 2")
        c.execute("UPDATE goldens SET master_document = 'null' WHERE id = 1")
    said = report(home.audit())
    for name in ("record 1 of reviews", "record 2 of units", "unit u1 (record 2)", f"golden {NUMBER} version 1"):
        assert any(name in line for line in said), said
    home.close()


def test_sealing_from_two_processes_makes_one_chain(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Station(Settings(home=home)):
        pass
    children = []
    for k in range(2):
        child = os.fork()
        if child == 0:
            try:
                db, evidence = Database(sqlite_url(home)), Evidence(home / "evidence")
                for version in range(1, 6):
                    seal(db, evidence, version, number=f"GS-2026051{k}", sku=f"SKU-{k}")
                db.close()
                os._exit(0)
            finally:
                os._exit(9)
        children.append(child)
    assert [os.waitpid(c, 0)[1] for c in children] == [0, 0]
    with Station(Settings(home=home)) as station:
        assert station.check().ok
        assert len(station.ledger.entries()) == 10
        assert {g.number for g in station.goldens()} == {"GS-20260510", "GS-20260511"}


def test_a_file_of_another_database_driver_finds_the_same_digests(whole: Path) -> None:
    with sqlite3.connect(f"file:{whole / 'station.db'}?mode=ro", uri=True) as c:
        content, hash = c.execute("SELECT content, hash FROM ledger WHERE sequence = 1").fetchone()
    c.close()
    assert link_hash(1, GENESIS, sha256_hex(content.encode())) == hash
