"""Golden samples: sealed, signed, and their record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from station.client.connection import Connection
from station.service import views


class Goldens(Connection):
    """Golden samples."""

    def goldens(self) -> list[views.GoldenView]:
        """Every sealed version, newest first."""
        return [views.GoldenView.model_validate(g) for g in self.get("/goldens")]

    def seal(
        self, sheet: str, photo: Path, *, again: Sequence[Path] = (), rig: str | None = None, pin: str | None = None
    ) -> views.GoldenView:
        """Seal a golden sample; sheet : its control sheet as TOML. Answers when it is sealed. Raises Refused."""
        body = {
            "sheet": sheet, "photo": self.upload(photo), "again": [self.upload(p) for p in again], "rig": rig,
        }  # fmt: skip
        return views.GoldenView.model_validate(self.result(self.post("/goldens", body, pin=pin)))
