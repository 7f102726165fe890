"""The thirteen causes of variance, to choose from and to confirm or rule out (V1).

Three lie in the measurement: method, light of the photos, the standard before shipment. They look like variance of the
goods and cost nothing to look at, so that they come first: no cause in the goods is confirmed while one of them stands
open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from station.errors import ConflictError, RequestError
from station.values.documents import Cause
from station.values.nonconformity import Facts, NcEvent, VarianceCause

MEASUREMENT: Final[dict[str, str]] = {
    "measurement-method": "another method or instrument of measuring",
    "photo-lighting": "the light that the photos were taken in",
    "pre-shipment-standard": "another standard before shipment",
}
GOODS: Final[dict[str, tuple[str, Cause | None]]] = {
    "material-batch": ("another batch of material", "substitution"),
    "machine-setting": ("another setting of the machine", "drift"),
    "manual-work": ("work by hand", "drift"),
    "mould": ("wear or repair of the mould", "drift"),
    "coating": ("another bath, coating, plating or spraying", "drift"),
    "print-position": ("another position of the print", "drift"),
    "hand-finished-sample": ("the sample was finished by hand", None),
    "volume-speed": ("the speed and steadiness of volume production", "screening"),
    "packaging-supplier": ("another supplier of the packaging", "substitution"),
    "old-label-file": ("an old label file", None),
}
"""Each with the kind of cause that the lot's data tell it by, None where they tell nothing of it."""
CAUSES: Final = (*MEASUREMENT, *GOODS)
_SUSPECT: Final = {
    "light": "photo-lighting", "white point": "photo-lighting", "repeatability": "measurement-method",
    "standard": "pre-shipment-standard",
}  # fmt: skip
"""What the station itself cannot rule out in the measurement, by the cause that it is."""


def replay_causes(events: Sequence[NcEvent], facts: Facts) -> tuple[VarianceCause, ...]:
    """The thirteen as they stand, those of the measurement first. A person's word stands above the data's."""
    suspect: dict[str, list[str]] = {}
    for name in facts.suspect:
        suspect.setdefault(_SUSPECT.get(name, "measurement-method"), []).append(name)
    said = {e.variance: e for e in events if e.kind == "cause" and e.variance}
    found = []
    for name in CAUSES:
        measurement = name in MEASUREMENT
        words, told = (MEASUREMENT[name], None) if measurement else GOODS[name]
        event = said.get(name)
        state, why = "open", ""
        if event is not None:
            state, why = ("confirmed" if event.holds else "ruled out"), event.text
        elif name in suspect:
            state, why = "suspect", f"not ruled out by the data: {', '.join(suspect[name])}"
        elif measurement:
            state, why = "ruled out", "by the lot's data"
        elif told is not None and told == facts.cause:
            state, why = "suspect", f"the lot's data speak for {told}"
        said_by = {} if event is None else {"by": event.by, "at": event.at}
        about = {"name": name, "words": words, "measurement": measurement, "state": state, "why": why}
        found.append(VarianceCause.model_validate(about | said_by))
    return tuple(found)


def vet_word(causes: Sequence[VarianceCause], name: str, holds: bool, text: str) -> None:
    """Raises RequestError for an unknown cause or a word without its reason, ConflictError where a cause in the goods
    is confirmed before those of the measurement are ruled out."""
    one = next((c for c in causes if c.name == name), None)
    if one is None:
        raise RequestError(f"{name[:40]!r} is none of the thirteen causes", f"Use one of {', '.join(CAUSES)}.")
    if not text:
        raise RequestError("nothing says what shows it", "Give --text, as in: both baths of 12 and 14 May measured.")
    left = [c.name for c in causes if c.measurement and c.state != "ruled out"]
    if holds and not one.measurement and left:
        raise ConflictError(
            f"{name} is not confirmed while the measurement itself may be the cause: {', '.join(left)}",
            "Rule these out first, or confirm them: station nc cause NUMBER CAUSE --rule-out --text WORDS",
        )
