"""What travels along the line: Shot -> Corrected -> Aligned -> Measurement, Finding. Arrays are never written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from station.values.colour import ColourCorrection, DeviceRGB, LinearRGB, PhotoLight
from station.values.documents import FitDocument
from station.values.geometry import Frame, PlaneMap, Similarity

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

OUTSIDE, METAL, FIRST_REGION, OTHER = 0, 1, 2, 255
"""Labels of a master's region map: outside the part, struck metal, from 2 on the sheet's regions in its order, and
enamel that the sheet does not name."""

U_THICKNESS_MM = 0.058
"""Standard uncertainty of a unit's thickness where the sheet says nothing: +-0.1 mm, all alike, 0.1 / sqrt 3."""

LENGTHS = ("size", "border", "position", "boundary-shift", "offset", "offset-x", "offset-y")
"""Kinds of measurement in millimetres: what a photo without a scale cannot give."""
SCALED = (*LENGTHS, "scale")
"""What the gate ``scale`` blocks."""


@dataclass(frozen=True, slots=True)
class EditSign:
    """One sign that a photo is not as its camera wrote it: evidence, never proof.

    name : software, adjustments, camera, format, size, screenshot, tables, recompressed, thumbnail, comb.
    grade : note, suspect or strong. words : what was seen, for a person.
    """

    name: str
    grade: str
    words: str


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo as the decoder hands it over: upright, vetted, hashed.

    sha256 : of the file's bytes. notes : what the decoder did (rotated, profile applied ...). edits : signs of editing.
    metadata : the few header texts worth keeping (maker, model, software), stripped of control characters.
    coding_step : quantiser steps of the file, of a block's mean luma and chroma in codes of 255; 0 where lossless.
    orientation : EXIF 1-8, as the sensor lay; the decoder has turned the picture upright.
    """

    photo: DeviceRGB
    sha256: str
    name: str
    taken_at: str | None = None
    notes: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    edits: tuple[EditSign, ...] = ()
    coding_step: tuple[float, float] = (0.0, 0.0)
    orientation: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        h, w = self.photo.pixels.shape[:2]
        return w, h


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition for measuring at all. A gate that is not ok makes the verdict ``undecided`` and names the reason.

    name : card, light, sharpness, clipping, scale, part, alignment, identity, height ...
    blocks : which measurement kinds it takes down; empty means all of them.
    doubts : which kinds it takes nothing from, but whose reasons against a unit must say that there is a doubt.
    """

    name: str
    ok: bool
    reason: str = ""
    blocks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatchReading:
    """One patch as read. rgb : (3,) mean linear device RGB; noise : (3,) standard deviation of a pixel.

    glare : share of the patch, 0-1, that shines well above its median. gradient : change of its light from one side to
    the other over its mean. used : whether it took part in the fit; ``fault`` says why not. delta_e_00 : residual of
    the correction; gate_delta_e_00 : of the stiffer fit that the gate on the card holds to its limits, None where not
    used.
    """

    name: str
    centre_px: tuple[float, float]
    rgb: Float
    noise: Float
    clipped: bool
    lab_reference: Float
    lab_measured: Float | None
    delta_e_00: float | None
    glare: float = 0.0
    gradient: float = 0.0
    used: bool = True
    fault: str = ""
    gate_delta_e_00: float | None = None


@dataclass(frozen=True, slots=True)
class FitCandidate:
    """One family of corrections that was tried on a card.

    parameters : free ones; a spline counts by the trace of its smoother. fit and loo : CIEDE2000 of the fit and leaving
    each patch out. reason : why it was not taken, "" for the one that was.
    """

    method: str
    parameters: float
    fit_mean: float
    fit_max: float
    loo_mean: float
    loo_max: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CardReading:
    """The colour card in one photo. ``reason`` names the gate when it may not be used.

    corners_px : (4, 2) outer corners of the patch grid in the card's own order (first patch's corner first), or None.
    homography : (3, 3) card millimetres (origin at the centre of the first patch) to photo pixels, or None.
    notes : what a reader should know of a usable reading: further cards in the photo, patches left out.
    candidates : every correction that was tried. why : the choice among them in words. light_range : brightest over
    darkest light on the card, as fitted along with the correction. gate_mean, gate_max : CIEDE2000 of the patches under
    the plain fit that the gate on the card holds to its limits. colours : digest of the edition's reference Lab.
    """

    found: bool
    usable: bool
    reason: str
    edition: str | None = None
    mirrored: bool = False
    corners_px: Float | None = None
    homography: Float | None = None
    patches: tuple[PatchReading, ...] = ()
    correction: ColourCorrection | None = None
    fit_mean: float | None = None
    fit_max: float | None = None
    loo_mean: float | None = None
    loo_max: float | None = None
    notes: tuple[str, ...] = ()
    candidates: tuple[FitCandidate, ...] = ()
    why: str = ""
    light_range: float | None = None
    gate_mean: float | None = None
    gate_max: float | None = None
    colours: str | None = None

    @property
    def light(self) -> Float | None:
        """(n, 3) patches in linear light, NaN where one cannot be used; None without a usable card."""
        if not self.usable:
            return None
        return np.array([p.rgb if p.used and not p.clipped else np.full(3, np.nan) for p in self.patches])


@dataclass(frozen=True, slots=True)
class Corrected:
    """A photo in linear light, flat-fielded, with what turns it into colour and into millimetres (either may lack).

    bench : digest of the rig that it was photographed on, None without one.
    """

    shot: Shot
    image: LinearRGB | PhotoLight
    clipped: Bool
    correction: ColourCorrection | None
    plane: PlaneMap | None
    card: CardReading | None
    gates: tuple[Gate, ...] = ()
    bench: str | None = None


@dataclass(frozen=True, slots=True)
class RegionMaster:
    """One measured region of the golden. label : its value in the region map. lab : (3,) mean. u_lab : its standard
    uncertainty in CIEDE2000. surface : soft enamel, hard enamel, plating, print, other.

    rgb : (3,) mean in linear light. cov : (3, 3) Lab covariance of the mean, by its own scatter. scatter : of its
    tiles, in CIEDE2000. u_placement : standard deviation of its CIEDE2000 from one placement on the bench to the next,
    from further photos of the same golden; None takes what the surface is known for. A master sealed before these were
    stored has none of them.
    """

    name: str
    surface: str
    label: int
    lab: Float | None
    u_lab: float
    centre_mm: tuple[float, float]
    area_mm2: float
    rgb: Float | None = None
    cov: Float | None = None
    scatter: float | None = None
    u_placement: float | None = None


@dataclass(frozen=True, slots=True)
class MarkMaster:
    """One logo or printed mark: its polygon (n, 2) in mm of the golden frame."""

    name: str
    polygon_mm: Float


@dataclass(frozen=True, slots=True)
class FeatureMaster:
    """One row of the sheet's sizes as it was found on the golden.

    name : of the row. feature : what is measured, one of the sheet's ``FEATURES``. at_mm, to_mm : (x, y) of
    the points that say which. source : name under which the outline or a hole gives it, "" for a calliper's own.
    value : the golden's own as the station reads it, mm or degrees.
    """

    name: str
    feature: str
    value: float
    at_mm: tuple[float, float] | None = None
    to_mm: tuple[float, float] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Variation:
    """How much good parts vary, pixel by pixel of the golden's raster, as one byte a channel: (H, W, 3) uint8 of the
    cube root of linear light. mean, sigma : in the steps of :mod:`station.measure.variation`. count : of pictures.
    """

    mean: NDArray[np.uint8]
    sigma: NDArray[np.uint8]
    count: int


@dataclass(frozen=True, slots=True)
class Master:
    """The sealed golden sample, measured.

    image : golden in the golden frame. labels : (H, W) uint8, see ``OUTSIDE`` ... outline_mm : (n, 2) struck outline.
    holes_mm : outlines of through holes. thickness_mm : height of the measured face over the bench.
    noise : standard deviation of a pixel of ``image`` at mid tone. blur_px : edge blur sigma in raster pixels.
    scale_source : rig, card or part. card : edition of the colour card it was read through. card_colours : digest of
    that card's reference Lab, None where it was sealed before that was kept.
    sizes_mm : every size the station could measure on the golden, by name. features : the sheet's sizes as found on it.
    card_light : (n, 3) patches of its card in linear light, NaN where unread. coding_step : as in :class:`Shot`.
    bench : digest of the rig it was photographed on, None without one, or where it was sealed before that was kept.
    fit : how its correction was chosen. again : SHA-256 of the further photos of it, lifted and laid down again.
    u_thickness_mm : standard uncertainty of a unit's thickness: +-0.1 mm, all alike (0.1 / sqrt 3), unless the sheet
    says by how much it may differ. variation : of its pixels from one placement to the next, from three pictures on.
    """

    number: str
    version: int
    sheet_digest: str
    photo_sha256: str
    frame: Frame
    image: LinearRGB
    correction: ColourCorrection | None
    labels: NDArray[np.uint8]
    outline_mm: Float
    holes_mm: tuple[Float, ...]
    thickness_mm: float | None
    regions: tuple[RegionMaster, ...]
    marks: tuple[MarkMaster, ...]
    sizes_mm: dict[str, float]
    u_scale: float
    scale_source: str
    noise: float
    blur_px: float
    pose: Similarity
    card: str | None = None
    card_light: Float | None = None
    coding_step: tuple[float, float] = (0.0, 0.0)
    bench: str | None = None
    fit: FitDocument | None = None
    again: tuple[str, ...] = ()
    card_colours: str | None = None
    u_thickness_mm: float = U_THICKNESS_MM
    features: tuple[FeatureMaster, ...] = ()
    variation: Variation | None = None


@dataclass(frozen=True, slots=True)
class Aligned:
    """A unit resampled into the golden frame by one interpolation.

    image, clipped : as the master's raster. valid : (H, W) true where the photo covers the pixel.
    similarity : golden millimetres to bench millimetres of this photo; its scale is the unit's size over the golden's,
        so a length L in the golden frame is L * similarity.scale on the unit.
    u_offset_mm, u_rotation_deg, u_scale : standard uncertainties (k = 1) of the registration and of the scale.
    u_height : relative standard uncertainty that the height of the measured face leaves in a length.
    u_plane : the part of u_scale that the plane's scale has: of a length read off the registered raster, which does not
        depend on how well the raster was registered. None takes u_scale.
    camera_mm : (x, y, height) of the camera's centre in bench mm, None without a calibrated camera.
    card_light : (n, 3) patches of the photo's card in linear light, NaN where unread. coding_step : see :class:`Shot`.
    bench : digest of the rig it was photographed on, None without one.
    rival : another pose that fits about as well, where the gate ``alignment`` failed for that alone.
    rough_outline_mm : (n, 2) outline that the part was found by, in the golden frame.
    """

    image: LinearRGB
    clipped: Bool
    valid: Bool
    similarity: Similarity
    rms_px: float
    overlap: float
    u_offset_mm: float
    u_rotation_deg: float
    u_scale: float
    correction: ColourCorrection | None
    scale_source: str
    noise: float
    blur_px: float
    gates: tuple[Gate, ...] = ()
    card_light: Float | None = None
    coding_step: tuple[float, float] = (0.0, 0.0)
    bench: str | None = None
    rival: Similarity | None = None
    u_height: float = 0.0
    u_plane: float | None = None
    camera_mm: tuple[float, float, float] | None = None
    rough_outline_mm: Float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number with its unit and its expanded uncertainty (k = 2), not yet judged.

    characteristic : ``KIND:NAME`` with the sheet's name. kind : colour, offset-x, offset-y, offset, rotation, scale,
    size, border, position ... unit : ``CIEDE2000``, ``mm``, ``deg``, ``1``.
    value : None where it could not be measured; ``why`` then says so. where_mm : place in the golden frame.
    detail : further figures for the document (``lab``, ``dL`` ...), JSON-compatible.
    """

    characteristic: str
    kind: str
    value: float | None
    unit: str
    u: float
    method: str
    where_mm: tuple[float, float] | None = None
    why: str = ""
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One local defect in the golden frame, not yet judged.

    size_mm : equivalent diameter, of a bubble its greatest width, of a scratch or fibre its mean width. length_mm :
    along the curve, of what is no line its greatest width. feret_mm, width_mm : greatest calliper width; mean width of
    a line, else the least calliper width; None where nobody measured them. area_mm2 : as the other sizes with the
    picture's blur taken off. u_mm : expanded uncertainty (k = 2) of the size, of a scratch or fibre of the length.
    score : 0-1, mean over its pixels. kind_scores : the same by kind, those that matter, greatest first.
    region : name of the region it lies in. polygon_mm : (n, 2) outline for drawing. delta_e_00 : CIEDE2000 of an area
    of another colour, else None. sized_by : ``picture`` or ``scores``, where its sizes were read. unsure_below : score
    that its model is sure of such a finding from, where this one's is lower, else None; infinite for a kind that the
    model was never tried with.
    """

    kind: str
    x_mm: float
    y_mm: float
    size_mm: float
    length_mm: float
    area_mm2: float
    region: str
    score: float
    u_mm: float
    contrast_to_noise: float
    polygon_mm: Float
    delta_e_00: float | None = None
    feret_mm: float | None = None
    width_mm: float | None = None
    kind_scores: dict[str, float] = field(default_factory=dict)
    sized_by: str = ""
    unsure_below: float | None = None


@dataclass(frozen=True, slots=True)
class ScoreMaps:
    """What a defect model answers. kinds : names in the order of scores. scores : (K, H, W) float32, 0-1, of a pixel in
    all kinds together 1 at most where the kinds share it out. least : score that a finding of a kind has at least,
    where the model says so of the kind; below it good parts look the same to the model. sure : score below which a
    finding of a kind is left to a person."""

    kinds: tuple[str, ...]
    scores: NDArray[np.float32]
    least: Mapping[str, float] = field(default_factory=dict)
    sure: Mapping[str, float] = field(default_factory=dict)


DefectModel = Callable[[LinearRGB, LinearRGB, NDArray[np.uint8], float], ScoreMaps]
"""(golden, unit, region map, noise of a pixel) -> ScoreMaps. Reference difference and ONNX model are both one."""
