"""What pre-production confirmation asks: ten questions, answered by records and by evidence (W1)."""

from __future__ import annotations

from collections.abc import Iterator

from station.quality.gate_history import History, measured_against, need, record_item
from station.quality.gate_rules import questions
from station.quality.sign_off import SIGNERS
from station.values.digest import digest
from station.values.gates import GateEvent, Requirement


def confirmation(h: History) -> Iterator[Requirement]:
    """The ten questions, and that nobody works by another version."""
    f, record = h.facts, h.record
    yield need(
        "versions", "all who work by it hold the versions in force", f.version_reason,
        f"station golden status {record.golden}", waivable=False,
    )  # fmt: skip
    for key, words in questions(record).items():
        if key == "golden":
            yield _golden(h, words)
        elif key == "open-items":
            reason = f"still to be confirmed: {', '.join(f.open_items)}" if f.open_items else ""
            command = f"station golden item list {record.golden}"
            yield need(key, words, reason, command, waivable=False,
                        evidence=record_item("control sheet", f.sheet_digest, "open_items"))  # fmt: skip
        elif key == "factory":
            yield _factory(h, words)
        else:
            yield _answer(h, key, words)


def _golden(h: History, words: str) -> Requirement:
    f, record = h.facts, h.record
    number = record.golden
    if f.superseded_by is not None:
        command = f"station gate open {record.order}-2 --golden NEW --units {record.units} --by WHO"
        return need("golden", words, f"golden {number} is superseded by {f.superseded_by}", command, waivable=False)
    if h.golden_version != f.version:
        return need(
            "golden", words,
            f"the order is held to version {h.golden_version} of golden {number}, in force is version {f.version}",
            f"station gate open {record.order} --golden {number} --units {record.units} --by WHO", waivable=False,
        )  # fmt: skip
    missing = [p for p in SIGNERS if p not in f.signed_by]
    reason = f"golden {number} version {f.version} is not signed by the {' and the '.join(missing)}" if missing else ""
    command = f"station golden sign {number} --party {missing[0]} --name WHO" if missing else ""
    return need("golden", words, reason, command, fault=f"unsigned:{f.version}:{','.join(missing)}",
                evidence=record_item(f"golden {number} version {f.version}", f.golden_digest, f.state))  # fmt: skip


def _factory(h: History, words: str) -> Requirement:
    f, number = h.facts, h.record.golden
    held = f.held_by_factory
    reason = ""
    if held is None:
        reason = f"the factory has not said that it holds version {f.version} of golden {number}"
    elif held != f.version:
        reason = f"the factory holds version {held} of golden {number}, in force is version {f.version}"
    return need("factory", words, reason, f"station golden acknowledge {number} --party factory --name WHO",
                fault=f"factory:{held or 'none'}:{f.version}",
                evidence=record_item(f"golden {number}", "", f"factory holds version {held}"))  # fmt: skip


def _answer(h: History, key: str, words: str) -> Requirement:
    said = h.last("answered", "pre-production", key)
    command = (
        f"station gate answer {h.naming} {key} TEXT {'' if key == 'quantity-delivery' else '--file FILE '}--by WHO"
    )
    if said is None:
        return need(key, words, f"nobody has answered that {words}", command, fault="unanswered")
    fault, reason = _stale(h, key, said)
    return need(key, words, reason, command, fault=fault, evidence=said.evidence)


def _stale(h: History, key: str, said: GateEvent) -> tuple[str, str]:
    """Why an answer does not hold (any more), as fault and in words: each file must still be the version in force, and
    signed by both; what was measured or confirmed of another version of the golden sample says nothing of this one."""
    f = h.facts
    if key == "material-colour" and h.version_at(said) != h.golden_version:
        was = f"version {h.version_at(said)}, the order is held to version {h.golden_version}"
        return f"confirmed:{h.version_at(said)}:{h.golden_version}", f"material and colour were confirmed of {was}"
    if key == "logo" and f.artwork and f.artwork.casefold() not in _named_in(said):
        return f"artwork-name:{f.artwork}", f"the control sheet names the artwork {f.artwork!r}, another one was shown"
    for e in said.evidence:
        if key == "spec" and e.sha256 != f.sheet_digest:
            return f"sheet:{e.sha256[:16]}", "the control sheet that was shown is not the one in force"
        if key == "logo" and f.artwork_sha256 not in ("", e.sha256):
            return (
                f"artwork:{e.sha256[:16]}:{f.artwork_sha256[:16]}",
                f"the logo file that was shown has the SHA-256 {e.sha256[:12]}, the artwork in force has "
                f"{f.artwork_sha256[:12]}",
            )
        if e.kind == "unit" and measured_against(e) not in (None, h.golden_version):
            was = f"version {measured_against(e)}, the order is held to version {h.golden_version}"
            return f"unit:{measured_against(e)}:{h.golden_version}", f"unit {e.name} was measured against {was}"
        if e.kind == "unit" and e.sha256 in f.unit_faults:
            return f"unit-fault:{digest(f.unit_faults[e.sha256])[:16]}", f.unit_faults[e.sha256]
        if e.artefact:
            newest = f.artefacts.get(e.artefact)
            name = e.artefact.replace("-", " ")
            if newest is None or newest.sha256 != e.sha256:
                known = "none" if newest is None else f"version {newest.version}"
                fault = f"{e.artefact}:{e.version}:{newest.version if newest else 'none'}"
                return fault, f"the {name} that was shown is version {e.version}, in force is {known}"
            missing = [p for p in SIGNERS if p not in newest.signed_by]
            if missing:
                return (
                    f"{e.artefact}-unsigned:{newest.version}:{','.join(missing)}",
                    f"the {name} version {newest.version} is not signed by the {' and the '.join(missing)}",
                )
    return "", ""


def _named_in(said: GateEvent) -> str:
    return " ".join((said.text, *(e.name for e in said.evidence))).casefold()
