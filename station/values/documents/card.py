"""The ``card`` document: what the station says of the colour card in a photo, and of the correction it gives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents.base import Document


class CandidateDocument(Document):
    """One model of the colour correction that was tried; ``reason`` is empty for the one that was taken."""

    method: str
    parameters: float
    mean: float
    max: float
    loo_mean: float
    loo_max: float
    reason: str


class FitDocument(Document):
    """Residuals of the colour correction in CIEDE2000, of the fit itself and leaving one patch out.

    ``why`` says why this model was taken, ``candidates`` what else was tried. ``light_range`` is the brightest over the
    darkest light on the card, as fitted along. ``gate_mean`` and ``gate_max`` are of the plain fit in even light that
    alone decides whether it is this card and whole: the chosen correction could explain another card too.
    """

    method: str
    mean: float
    max: float
    loo_mean: float
    loo_max: float
    why: str = ""
    candidates: tuple[CandidateDocument, ...] = ()
    light_range: float | None = None
    gate_mean: float | None = None
    gate_max: float | None = None


class PatchDocument(Document):
    name: str
    centre_px: tuple[float, float]
    lab_reference: tuple[float, float, float]
    lab_measured: tuple[float, float, float] | None
    delta_e_00: float | None
    clipped: bool
    noise: tuple[float, float, float] = (0.0, 0.0, 0.0)
    glare: float = 0.0
    gradient: float = 0.0
    used: bool = True
    fault: str = ""
    gate_delta_e_00: float | None = None


class CardDocument(Document):
    """What the station says of the colour card in a photo."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    photo: str
    sha256: str
    found: bool
    usable: bool
    reason: str
    edition: str | None
    mirrored: bool
    corners_px: tuple[tuple[float, float], ...] | None
    patches: tuple[PatchDocument, ...]
    fit: FitDocument | None
    notes: tuple[str, ...] = ()
