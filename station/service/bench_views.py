"""What the use cases of a bench answer: its calibrations, checks and faults, and what its camera sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from station.values.documents import Document, GateDocument


class RigView(Document):
    """A registered bench and the state of its calibrations."""

    name: str
    digest: str
    added_at: datetime
    lens_expires_at: datetime | None
    light_expires_at: datetime | None


class LensFigure(Document):
    """One parameter of a lens. ``u``: expanded uncertainty, k = 2; None in records of earlier versions."""

    name: str
    value: float
    u: float | None
    unit: Literal["px", "1"]


class LensView(Document):
    """A lens calibration in force.

    figures : focal length, principal point, k1, k2. u_length_mm : expanded uncertainty (k = 2) that the calibration
    leaves in 30 mm, on the bench and 3 mm over it. watched : a picture told where the camera stood, so that one which
    was knocked is noticed.
    """

    made_at: datetime
    expires_at: datetime
    rms_px: float
    images: int
    method: str
    figures: tuple[LensFigure, ...]
    u_length_mm: tuple[float, float]
    watched: bool


class CalibrationView(Document):
    """A calibration just made: its residuals and until when it holds.

    residual : reprojection residual in pixels for a lens, relative spread left for a light.
    """

    rig: str
    kind: Literal["lens", "light"]
    images: int
    residual: float
    made_at: datetime
    expires_at: datetime
    detail: dict[str, float | None]
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    lens: LensView | None = None


class LightCheckView(Document):
    """A check of the bench light against the reference, the first one after a calibration.

    lightness : mean change of L* of the grey patches, signed. tint : mean CIEDE2000 at equal lightness. level : light
    over that of the reference. lux : estimated from the grey patches, never measured; None where ``lux_reason`` stands.
    tone : slope of log level over log reflectance, 1 where the camera's tone curve is sRGB's. ``reason`` is empty where
    the light is within bounds.
    """

    rig: str
    photo: str
    at: datetime
    card: str
    reference: bool
    ok: bool
    reason: str
    lightness: float
    tint: float
    level: float
    lux: float | None
    lux_reason: str
    tone: float


class FlickerView(Document):
    """See ``station.values.light.Flicker``; ``remarks`` says how far the test can be trusted."""

    temporal: float | None
    banding: float
    period_px: float
    along: str
    frames: int
    exposure_s: float | None
    rates: int
    second_temporal: float | None
    second_banding: float | None
    remarks: tuple[str, ...]


class WarmUpView(Document):
    """See ``station.values.light.WarmUp``."""

    minutes: float
    level_per_minute: float
    tint_per_minute: float
    settled: bool | None


class MeterView(Document):
    """Readings of a lux meter."""

    readings_lux: tuple[float, ...]
    measured_on: date
    instrument: str
    uniformity: float | None
    cct_k: float | None = None


class LightView(Document):
    """A light calibration in force. ``nine``: relative luminance of the nine positions, row by row; None in records of
    earlier versions, as whatever else they lack."""

    made_at: datetime
    expires_at: datetime
    images: int
    uniformity: float
    residual: float
    nine: tuple[tuple[float, ...], ...] | None
    flicker: FlickerView | None
    warm_up: WarmUpView | None
    lux: float | None
    meter: MeterView | None
    settings: dict[str, str]


class BenchFault(Document):
    """Something that stands against judging on a bench. ``blocks``: the kinds of measurement it takes down."""

    gate: str
    reason: str
    blocks: tuple[str, ...]
    command: str


class BenchView(Document):
    """A bench as it stands.

    state : ``out`` where colour or lengths are not judged until something is done, ``soon`` where a calibration expires
    within three days, else ``ok``. in_use : a golden sample's newest version was sealed on it. expiring : what expires
    soon, each with its command. last_check : the newest since the light was calibrated. drift : the newest fifty,
    oldest first, those before the calibration among them.
    """

    rig: str
    state: Literal["ok", "soon", "out"]
    in_use: bool
    faults: tuple[BenchFault, ...]
    expiring: tuple[BenchFault, ...]
    lens: LensView | None
    light: LightView | None
    last_check: LightCheckView | None
    drift: tuple[LightCheckView, ...]


class CardResidualView(Document):
    """How well the colour card of one unit's photo was fitted: residuals in CIEDE2000, mean and largest, and leaving
    one patch out. taken_at : as the camera says, else None."""

    unit_id: int
    unit: str
    at: datetime
    taken_at: str | None
    mean: float
    max: float
    loo_mean: float


class CardResidualsView(Document):
    """The newest photos of a bench whose card was fitted, oldest first, and the largest residuals that still do."""

    rig: str
    most_mean: float
    most_max: float
    photos: tuple[CardResidualView, ...]


class DriftBoundsView(Document):
    """By how much the light of a bench may differ from its reference: in L* either way, in CIEDE2000 of tint."""

    lightness: float
    tint: float


class CameraView(Document):
    """The camera of the bench. width, height : of a picture, None where pictures differ. reason : why it gives none."""

    present: bool
    kind: str
    name: str
    width: int | None
    height: int | None
    reason: str


class SeenMarker(Document):
    """A marker of the bench as the camera sees it: its corners in pixels of the photo."""

    id: int
    corners_px: tuple[tuple[float, float], ...]


class LiveView(Document):
    """What the camera sees now, in pixels of the photo that it would take.

    frame : names the look and its picture; None where the camera gives nothing, with ``reason`` and ``do``.
    every_ms : in how many milliseconds there is something new. blur_px : sigma of the sharpest edges within
    ``focus_px`` (left, top, right, bottom), None where no edge is seen. clipped_share : of all pixels, 0 to 1.
    histogram : shares of the pixels by their brightest channel, from dark to bright. card_px : corners of the colour
    card; part_px : rough outline of the part. gates : the conditions as a shot would meet them.
    """

    frame: str | None = Field(examples=["5b1f0c9a2f3d4e5f60718293"])
    reason: str = ""
    do: str = ""
    every_ms: int
    width: int = 0
    height: int = 0
    blur_px: float | None = None
    focus_px: tuple[int, int, int, int] | None = None
    clipped_share: float = 0.0
    histogram: tuple[float, ...] = ()
    card_found: bool = False
    card_px: tuple[tuple[float, float], ...] = ()
    markers: tuple[SeenMarker, ...] = ()
    part_px: tuple[tuple[float, float], ...] = ()
    gates: tuple[GateDocument, ...] = ()
