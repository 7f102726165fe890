"""Values entered by hand, gauge studies, and what is seen in photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from station.client.connection import Connection
from station.service.bench_views import LiveView
from station.service.views import AlignDocument, BoxesDocument, PhotoDocument
from station.values.comparison import ComparisonDocument, SetDocument, TwoLightsDocument
from station.values.documents import CardDocument, Document
from station.values.entered import EnteredDocument
from station.values.gauge import GaugeStudyDocument
from station.values.model_card import ModelCardDocument


class Entered(Document):
    """A value as it was recorded. new : False where it was entered before, word for word."""

    entered: EnteredDocument
    new: bool
    remark: str


class Drawn(Document):
    """What is to be said of a picture that was drawn."""

    remarks: tuple[str, ...]


class Measuring(Connection):
    """Measuring. Pictures and tables are files of this machine. All raise Refused."""

    def enter(self, values: Iterable[Mapping[str, Any]], *, by: str = "") -> list[Entered]:
        """Enter values, all or none. Each : unit, name, value, u, instrument, calibrated_on, golden, and lot and others
        where they are needed."""
        body = {"values": list(values), "by": by}
        return [Entered.model_validate(e) for e in self.post("/entered", body)]

    def enter_file(
        self, file: Path, *, golden: str | None = None, lot: str | None = None, by: str = ""
    ) -> list[Entered]:
        """Enter the values of a CSV file, all or none."""
        body = {"file": self.upload(file), "golden": golden, "lot": lot, "by": by}
        return [Entered.model_validate(e) for e in self.post("/entered", body)]

    def gauge(
        self, captures: Sequence[tuple[Path, str, str, str]], *, golden: str, rig: str | None = None, by: str = ""
    ) -> GaugeStudyDocument:
        """Measure the photos of a gauge study, each with its part, operator and trial."""
        given = [
            {"photo": self.upload(photo), "part": part, "operator": operator, "trial": trial}
            for photo, part, operator, trial in captures
        ]
        body = {"captures": given, "golden": golden, "rig": rig, "by": by}
        return self.made(GaugeStudyDocument, "/gauge/studies", body)[0]

    def gauge_of_values(self, file: Path, *, by: str = "", **more: Any) -> GaugeStudyDocument:
        """Evaluate a CSV file of values. more : golden, characteristic, lower, upper."""
        body = {"file": self.upload(file), "by": by, **{k: v for k, v in more.items() if v is not None}}
        return GaugeStudyDocument.model_validate(self.post("/gauge/studies/values", body)["study"])

    def describe_photo(self, photo: Path) -> PhotoDocument:
        """What the decoder makes of a photo, and what speaks of editing."""
        return self.say(PhotoDocument, "/photos/described", {"photo": self.upload(photo)})

    def read_card(self, photo: Path, card: str | None = None) -> CardDocument:
        """The colour card in a photo, and whether its correction may be used."""
        return self.say(CardDocument, "/photos/card", {"photo": self.upload(photo), "card": card})

    def align(self, golden: Path, unit: Path, *, model: str = "similarity") -> AlignDocument:
        """Register one picture onto another."""
        body = {"golden": self.upload(golden), "unit": self.upload(unit), "model": model}
        return self.made(AlignDocument, "/alignments", body)[0]

    def run_model(self, golden: Path, unit: Path, *, model: str | None = None) -> tuple[BoxesDocument, bytes]:
        """What differs between two pictures, and both drawn with the places numbered."""
        body = {"golden": self.upload(golden), "unit": self.upload(unit), "model": model}
        return self.made(BoxesDocument, "/models/runs", body)

    def models(self) -> list[ModelCardDocument]:
        """The cards of the defect models that the station has."""
        return [ModelCardDocument.model_validate(m) for m in self.get("/models")]

    def compare(self, *photos: Path, **more: Any) -> tuple[ComparisonDocument, bytes]:
        """The parts in a photo beside the golden in it, and the picture of it. more : golden or sheet, choices, lights,
        rig, card."""
        return self.made(ComparisonDocument, "/comparisons", self._given(photos, more))

    def compare_lights(self, first: Path, second: Path, **more: Any) -> tuple[TwoLightsDocument, bytes]:
        """The same parts under two lights, and the picture of both."""
        return self.made(TwoLightsDocument, "/comparisons", self._given((first, second), more))

    def compare_set(self, photo: Path, **more: Any) -> SetDocument:
        """The parts of a matched set held to each other."""
        return self.made(SetDocument, "/comparisons", self._given((photo,), {**more, "set": True}))[0]

    def chart(
        self, kind: str, *, photo: Path | None = None, unit: int | None = None, golden: str | None = None, **more: Any
    ) -> tuple[Drawn, bytes]:
        """A picture drawn of a unit, as JPEG: card, vectors, map, drawing, residual, findings or heat."""
        body = {"kind": kind, "photo": self.handed_in(photo), "unit": unit, "golden": golden, **more}
        return self.made(Drawn, "/charts/photo", body)

    def look(self, *, golden: str | None = None, rig: str | None = None, card: str | None = None) -> LiveView:
        """What the camera of the station sees now."""
        return LiveView.model_validate(self.get("/camera/view", golden=golden, rig=rig, card=card))

    def look_picture(self, frame: str, *, zebra: bool = True) -> bytes:
        """The picture of a look, JPEG."""
        return self.file(f"/camera/view/{frame}", zebra=zebra)

    def _given(self, photos: Sequence[Path], more: Mapping[str, Any]) -> dict[str, Any]:
        return {"photos": [self.upload(p) for p in photos], **more}
