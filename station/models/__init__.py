"""Defect models by name. A model is a callable of (golden, unit, region map, noise) that answers score maps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import ModelError
from station.models.card import Card, read_card
from station.values.documents import ModelUseDocument
from station.values.line import DefectModel

if TYPE_CHECKING:
    from station.measure.rim import Rim

REFERENCE_DIFFERENCE = "reference-difference"
"""Needs no weights: a tolerance envelope around the golden itself."""
PAIR_MODEL = "golden-unit-net"
"""For two pictures without a master, whatever judges units."""
SHIPPED = Path(__file__).parents[2] / "models"
"""Where the cards and weights of the models lie that come with the station."""

FOUND = {
    REFERENCE_DIFFERENCE: {
        "pit": (39, 47),
        "speck": (42, 46),
        "missing-enamel": (62, 65),
        "bubble": (47, 57),
        "scratch": (25, 51),
        "overflow": (12, 48),
        "plating-spot": (0, 44),
    }
}
"""Defects at or over the usual limit that a model found, of all that were rendered into 60 units of five designs."""

_TRUSTED = 0.75  # share of such defects that trials prove to be found, at 95 % confidence


def shipped() -> tuple[str, ...]:
    """Names of the network models that come with the station."""
    return tuple(sorted(_shipped_cards()))


def defect_model(name: str, *, precision: str = "int8", threads: int = 1, device: str = "cpu") -> DefectModel:
    """The defect model of this name, or that of the card in the TOML file of this path.

    precision : ``int8`` or ``fp32``, where the card has both. threads, device : of a network, see
    :func:`station.models.providers.start`; the reference difference runs on the processor.

    Raises ModelError for a name the station does not know, and for a file that is not what its card says.
    """
    if name == REFERENCE_DIFFERENCE:
        from station.measure.difference import reference_difference

        return reference_difference
    folder, card = card_of(name)
    return _network(folder, card.model_dump_json(), precision, threads, device)


@lru_cache(maxsize=4)
def _network(folder: Path, card: str, precision: str, threads: int, device: str) -> DefectModel:
    """The network of a card (its JSON): a card that was replaced on its path is another one."""
    from station.models.network import OnnxModel

    return OnnxModel(folder, Card.model_validate_json(card), precision=precision, threads=threads, device=device)


def model_use(name: str, *, precision: str = "int8") -> ModelUseDocument:
    """Which model a name stands for: version and file by its card. Nothing is loaded. Raises ModelError."""
    if name == REFERENCE_DIFFERENCE:
        return ModelUseDocument(name=name)
    card = card_of(name)[1]
    weights = card.weights_of(precision)
    return ModelUseDocument(name=name, version=card.version, precision=weights.precision, weights=weights.sha256)


def rim_of(name: str) -> Rim:
    """What the model of this name leaves out along the part's edge."""
    from station.measure.rim import ENVELOPE_RIM, NETWORK_RIM

    return ENVELOPE_RIM if name == REFERENCE_DIFFERENCE else NETWORK_RIM


def as_run(use: ModelUseDocument, model: DefectModel) -> ModelUseDocument:
    """What a loaded model is, by the card and the file it was loaded with, with the device and the threads that it runs
    on, and why they are not those that were asked for."""
    from station.models.network import OnnxModel

    if not isinstance(model, OnnxModel):
        return use
    return use.model_copy(
        update={
            "version": model.card.version, "precision": model.weights.precision, "weights": model.weights.sha256,
            "device": model.device, "threads": model.threads, "remark": model.remark,
        }
    )  # fmt: skip


def card_of(name: str) -> tuple[Path, Card]:
    """The folder of a network's files and its card, by its name or by the path of its card. Raises ModelError."""
    cards = _shipped_cards()
    if name in cards:
        return SHIPPED, cards[name]
    if name.endswith(".toml"):
        return Path(name).parent, read_card(Path(name))
    raise ModelError(
        f"there is no defect model {name!r}",
        f"Use {', '.join((REFERENCE_DIFFERENCE, *cards))}, or the path of a model's card.",
    )


@lru_cache(maxsize=1)
def _shipped_cards() -> dict[str, Card]:
    return {card.name: card for card in (read_card(p) for p in sorted(SHIPPED.glob("*.toml")))}


def seldom_found(name: str) -> frozenset[str]:
    """Kinds that a model, or the reference difference beside it, may name and of which its trials do not prove that it
    finds three in four: it missed more, or was tried too little or never. Raises ModelError."""
    trusted = {kind for kind, trials in _trials(name).items() if _proven(*trials) >= _TRUSTED}
    return frozenset({*_kinds(name), *FOUND[REFERENCE_DIFFERENCE]} - trusted)


def _proven(hits: int, of: int) -> float:
    """The exact lower bound of a share at 95 % confidence, one-sided (Clopper and Pearson, Biometrika 26, 1934)."""
    from scipy.special import betaincinv

    return float(betaincinv(hits, of - hits + 1, 0.05)) if hits else 0.0


def _trials(name: str) -> dict[str, tuple[int, int]]:
    return FOUND.get(name) or {t.kind: (t.found, t.of) for t in card_of(name)[1].trials}


def _kinds(name: str) -> tuple[str, ...]:
    return tuple(FOUND[name]) if name in FOUND else card_of(name)[1].kinds


def capability_warnings(name: str, kinds: Iterable[str]) -> list[str]:
    """What a person has to look for, since the model does not find it reliably: one line a kind."""
    found, known = _trials(name), _kinds(name)
    warnings = []
    for kind in kinds:
        if kind not in known:
            warnings.append(f"{kind}: the defect model {name} does not know this kind; inspect it by eye")
        elif kind not in found:
            warnings.append(f"{kind}: the defect model {name} was never tried with this kind; inspect it by eye")
        elif _proven(*found[kind]) < _TRUSTED:
            hits, of = found[kind]
            warnings.append(f"{kind}: the defect model {name} found {hits} of {of} in trials; inspect it by eye")
    return warnings
