"""Model cards for a reader: that of a network from its file, and that of the reference difference, which has none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from station import __version__
from station.models import FOUND, PAIR_MODEL, REFERENCE_DIFFERENCE, card_of, shipped
from station.models.card import Card, Weights
from station.values.model_card import FoundDocument, MeasuredDocument, ModelCardDocument, WeightsDocument

_ABOUT = {
    "method": "a tolerance envelope round the golden's own pixels; nothing is learnt: no weights, no data",
    "measured": "defects rendered into units of five designs; other units of these served to set its constants",
}
_MEASURED = MeasuredDocument(seed=94117, units=60, program="0.3.0", weights=None)
"""What the figures of ``FOUND`` were made with."""
_LIMITS = (
    "expect less on other products than the trials say: its constants were set on other units of the same designs",
    "struck metal that mirrors another light when the part is turned hides what lies on it",
    "a capability study tells what it finds on your own golden: station model capability --golden NUMBER",
)


def described(name: str, units: str) -> ModelCardDocument:
    """The card of a model, by its name or by the path of its card. units : the model that looks at units.

    Raises ModelError for a name the station does not know and for a card with a mistake.
    """
    uses: Sequence[tuple[Literal["units", "pairs"], str]] = (("units", units), ("pairs", PAIR_MODEL))
    used_for = tuple(use for use, of in uses if of == name)
    if name == REFERENCE_DIFFERENCE:
        from station.measure.difference import KINDS

        found = FOUND[name]
        trials = tuple(FoundDocument(kind=k, found=hits, of=of) for k, (hits, of) in found.items())
        return ModelCardDocument(
            name=name, version=__version__, used_for=used_for, kinds=KINDS, weights=(), about=_ABOUT, trials=trials,
            measured=_MEASURED, limits=_LIMITS,
        )  # fmt: skip
    folder, card = card_of(name)
    return ModelCardDocument(
        name=card.name, version=card.version, used_for=used_for, kinds=card.kinds,
        weights=tuple(_weights(folder, w) for w in card.weights), about=card.about, limits=card.limits,
        trials=tuple(FoundDocument(kind=t.kind, found=t.found, of=t.of) for t in card.trials),
        trials_of=card.trials_of, least_scores=card.least_scores, sure_scores=card.sure_scores,
        untried=tuple(k for k in card.kinds if card.sure.get(k) == math.inf),
        measured=_measured(card),
    )  # fmt: skip


def all_described(units: str) -> list[ModelCardDocument]:
    """The cards of every model that comes with the station, and of the one that looks at units."""
    return [described(name, units) for name in dict.fromkeys((REFERENCE_DIFFERENCE, *shipped(), units))]


def _measured(card: Card) -> MeasuredDocument | None:
    if card.measured is None:
        return None
    return MeasuredDocument(**card.measured.model_dump(), weights=card.trials_of)


def _weights(folder: Path, weights: Weights) -> WeightsDocument:
    try:
        data = (folder / weights.path).read_bytes()
    except OSError:
        data = None
    same = data is not None and hashlib.sha256(data).hexdigest() == weights.sha256
    return WeightsDocument(
        precision=weights.precision,
        path=weights.path,
        sha256=weights.sha256,
        bytes=None if data is None else len(data),
        state="missing" if data is None else "as the card says" if same else "another file",
    )
