"""The bench: rig, colour card references and the dated calibrations. Read from TOML by ``station.calibrate``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.values.digest import array_digest, digest
from station.values.light import Flicker, LightCheck, MeterReading, WarmUp
from station.values.line import Gate

Float = NDArray[np.float64]


LARGEST = 1e5
"""No length in mm and no side of a picture in px is larger; what is, is a slip of the keyboard."""

Length = Annotated[float, Field(gt=0, le=LARGEST)]
Coordinate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Pixels = Annotated[int, Field(gt=0, le=LARGEST)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraSpec(_Strict):
    """Sensor size in pixels and the nominal distance from entrance pupil to bench in mm."""

    width: Pixels
    height: Pixels
    distance_mm: Length


class Marker(_Strict):
    """An ArUco marker fixed on the bench plane z = 0; centre and side in mm of the bench frame."""

    dictionary: str
    id: int = Field(ge=0)
    centre_mm: tuple[Coordinate, Coordinate]
    side_mm: Length
    rotation_deg: Coordinate = 0.0


class Board(_Strict):
    """The ChArUco board used for the lens: squares across and down, sides in mm."""

    squares: tuple[int, int]
    square_mm: Length
    marker_mm: Length
    dictionary: str


Made = Literal["printed", "measured", "certified"]


class Mat(_Strict):
    """How the places of the markers on the bench are known.

    made : ``printed`` by ``station calibrate board``, so that they are off as much as the printer is; ``measured`` one
        by one; ``certified`` by a certificate. u_percent : relative standard uncertainty (k = 1) of their distances.
    """

    made: Made
    u_percent: float | None = Field(default=None, gt=0, le=5)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.made == "certified" and self.u_percent is None:
            raise ValueError("a certified mat needs u_percent, half the expanded uncertainty on its certificate")
        return self


class Grey(_Strict):
    """The grey card used for the light: its reflectance, 0-1."""

    reflectance: float = Field(gt=0, le=1)


class Rig(_Strict):
    """A bench: camera, markers, board, grey card (the contract's rig TOML), and how its markers' places are known."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    camera: CameraSpec
    markers: tuple[Marker, ...] = ()
    board: Board | None = None
    grey: Grey | None = None
    mat: Mat | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the rig's content; a ``mat`` that is not there is left out, as it was before there was one."""
        return digest(self.model_dump(mode="json", exclude=None if self.mat else {"mat"}))


class Patch(_Strict):
    """One patch of a colour card; Lab is CIE D50, 2 degree observer."""

    name: str
    lab: tuple[float, float, float]


USUAL_SIDE = 0.85
"""Side of a patch over the pitch of most cards."""


class CardReference(_Strict):
    """A colour card (the contract's card TOML). ``patches`` run row by row from the top left patch (dark skin).

    fill : (width, height) of a patch over the pitch for every size the card is made in, where only that is known.
    """

    name: str
    columns: int = Field(ge=2)
    rows: int = Field(ge=2)
    patch_mm: Length | None = None
    pitch_mm: Length | None = None
    height_mm: float = Field(default=0.0, ge=0, le=LARGEST)
    fill: tuple[tuple[float, float], ...] = ()
    patches: tuple[Patch, ...]

    @property
    def lab(self) -> Float:
        """(rows * columns, 3) reference Lab."""
        return np.array([p.lab for p in self.patches], dtype=np.float64)

    @property
    def colours(self) -> str:
        """SHA-256 of the reference Lab of the patches: two files of one name that differ in it are two cards."""
        return array_digest(self.lab)

    @property
    def side(self) -> float:
        """Side of a patch over the pitch, ``USUAL_SIDE`` where the card's own is not known."""
        return self.patch_mm / self.pitch_mm if self.patch_mm and self.pitch_mm else USUAL_SIDE

    @property
    def digest(self) -> str:
        """SHA-256 of the card's content; an unknown ``fill`` is left out, as it was before there was one."""
        return digest(self.model_dump(mode="json", exclude=None if self.fill else {"fill"}))


@dataclass(frozen=True, slots=True)
class LensCalibration:
    """A dated lens calibration.

    camera_matrix : (3, 3) px. distortion : (5,) as OpenCV orders them. rms_px : reprojection residual.
    u_scale : relative standard uncertainty of a length on the bench plane. orientation : EXIF 1-8 of the pictures.
    covariance : (7, 7) of focal length, principal point x and y (px), k1, k2, p1, p2; None in records of earlier
        versions. pose : rotation (3, 3) and translation (3,) mm of the bench in the camera when it was calibrated, None
        where no picture showed the bench markers.
    print_scale, u_print : what the printed board's squares measured over what they should, and its relative standard
        uncertainty; 1 and None where nobody measured.
    """

    rig: str
    camera_matrix: Float
    distortion: Float
    rms_px: float
    u_scale: float
    images: int
    made_at: datetime
    expires_at: datetime
    method: str
    orientation: int = 1
    covariance: Float | None = None
    pose: tuple[Float, Float] | None = None
    print_scale: float = 1.0
    u_print: float | None = None

    @property
    def parameters(self) -> Float:
        """(7,) in the order of ``covariance``."""
        k = self.camera_matrix
        return np.array([k[0, 0], k[0, 2], k[1, 2], *self.distortion[:4]])

    @property
    def spreads(self) -> Float | None:
        """(7,) standard uncertainties of ``parameters``, None where they are not known."""
        return None if self.covariance is None else np.sqrt(np.diag(self.covariance))

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form; what is not known is left out, as it was before it was kept."""
        return {
            "rig": self.rig,
            "camera_matrix": self.camera_matrix.tolist(),
            "distortion": self.distortion.tolist(),
            "rms_px": self.rms_px,
            "u_scale": self.u_scale,
            "images": self.images,
            "made_at": self.made_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "method": self.method,
            **({"orientation": self.orientation} if self.orientation != 1 else {}),
            **({"covariance": self.covariance.tolist()} if self.covariance is not None else {}),
            **({"pose": [self.pose[0].tolist(), self.pose[1].tolist()]} if self.pose is not None else {}),
            **({"print_scale": self.print_scale, "u_print": self.u_print} if self.u_print is not None else {}),
        }

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> LensCalibration:
        """Inverse of :meth:`as_dict`."""
        return cls(
            rig=d["rig"],
            camera_matrix=np.asarray(d["camera_matrix"], dtype=np.float64),
            distortion=np.asarray(d["distortion"], dtype=np.float64),
            rms_px=d["rms_px"],
            u_scale=d["u_scale"],
            images=d["images"],
            made_at=datetime.fromisoformat(d["made_at"]),
            expires_at=datetime.fromisoformat(d["expires_at"]),
            method=d["method"],
            orientation=d.get("orientation", 1),
            covariance=np.asarray(d["covariance"], dtype=np.float64) if "covariance" in d else None,
            pose=(np.asarray(d["pose"][0], dtype=np.float64), np.asarray(d["pose"][1], dtype=np.float64))
            if "pose" in d
            else None,
            print_scale=d.get("print_scale", 1.0),
            u_print=d.get("u_print"),
        )


@dataclass(frozen=True, slots=True)
class LightCalibration:
    """A dated flat field of the bench light, measured on a grey card.

    gain : (h, w, 3) float32, a smooth low-resolution field by which linear light is multiplied (1 in the mean);
        stretched over the whole photo. photo_size : (width, height) px of the photos it was measured on.
    uniformity : darkest of nine positions over brightest, 0-1. residual : relative spread left after correction.
    lux : entered from a meter, or None; the mean of the positions in ``meter``.
    nine : (3, 3) relative luminance of the nine positions, 1 at the brightest, as seen in the picture; lamp and lens
        falling off together. grey : (3,) linear RGB of the grey card once flat-fielded.
    settings : the camera settings of the pictures (maker, model, exposure_time in s, f_number, iso, white_balance,
        focal_length in mm) as far as they name them. orientation : EXIF 1-8 of the pictures.
    Records of earlier versions lack what has a default.
    """

    rig: str
    gain: NDArray[np.float32]
    photo_size: tuple[int, int]
    uniformity: float
    residual: float
    lux: float | None
    images: int
    made_at: datetime
    expires_at: datetime
    nine: Float | None = None
    grey: tuple[float, float, float] | None = None
    flicker: Flicker | None = None
    warm_up: WarmUp | None = None
    meter: MeterReading | None = None
    settings: dict[str, str] = field(default_factory=dict)
    orientation: int = 1

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form; the gain field is a nested list."""
        return {
            "rig": self.rig,
            "gain": [[[round(float(c), 6) for c in px] for px in row] for row in self.gain],
            "photo_size": list(self.photo_size),
            "uniformity": self.uniformity,
            "residual": self.residual,
            "lux": self.lux,
            "images": self.images,
            "made_at": self.made_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "nine": None if self.nine is None else [[round(float(v), 6) for v in row] for row in self.nine],
            "grey": None if self.grey is None else list(self.grey),
            "flicker": self.flicker.as_dict() if self.flicker else None,
            "warm_up": self.warm_up.as_dict() if self.warm_up else None,
            "meter": self.meter.as_dict() if self.meter else None,
            "settings": dict(self.settings),
            "orientation": self.orientation,
        }

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> LightCalibration:
        """Inverse of :meth:`as_dict`; reads the records of earlier versions too."""
        nine, grey = d.get("nine"), d.get("grey")
        return cls(
            rig=d["rig"],
            gain=np.asarray(d["gain"], dtype=np.float32),
            photo_size=(d["photo_size"][0], d["photo_size"][1]),
            uniformity=d["uniformity"],
            residual=d["residual"],
            lux=d["lux"],
            images=d["images"],
            made_at=datetime.fromisoformat(d["made_at"]),
            expires_at=datetime.fromisoformat(d["expires_at"]),
            nine=None if nine is None else np.asarray(nine, dtype=np.float64),
            grey=None if grey is None else (grey[0], grey[1], grey[2]),
            flicker=Flicker.from_dict(d["flicker"]) if d.get("flicker") else None,
            warm_up=WarmUp.from_dict(d["warm_up"]) if d.get("warm_up") else None,
            meter=MeterReading.from_dict(d["meter"]) if d.get("meter") else None,
            settings=dict(d.get("settings", {})),
            orientation=d.get("orientation", 1),
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that is known of the bench before a photo is looked at. Without a rig, only the cards.

    faults : gates that the bench itself does not pass, whatever a photo shows: a calibration that has expired, a light
        that flickers or has drifted, lux outside the sheet's band. Decided where the time and the sheet are known.
    last_check : the newest check of the light since it was calibrated.
    unmet : those of the faults that what the sheet asks of the light brings.
    """

    cards: tuple[CardReference, ...]
    rig: Rig | None = None
    lens: LensCalibration | None = None
    light: LightCalibration | None = None
    faults: tuple[Gate, ...] = ()
    last_check: LightCheck | None = None
    unmet: tuple[Gate, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the cards, the rig, both calibrations and the faults, if there are any."""
        faults = [[g.name, g.reason, list(g.blocks)] for g in self.faults]
        return digest(
            {
                **({"faults": faults} if faults else {}),
                "cards": [c.digest for c in self.cards],
                "rig": self.rig.digest if self.rig else None,
                "lens": digest(self.lens.as_dict()) if self.lens else None,
                "light": array_digest(self.light.gain) + self.light.made_at.isoformat() if self.light else None,
            }
        )
