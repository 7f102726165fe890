"""A model's card: the file that says what an ONNX file is, what it answers and what it was measured at."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from station.errors import ModelError
from station.values.faults import wrong
from station.values.toml_text import read_toml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Kind = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(_Table):
    """One ONNX file beside the card. sha256 : of its bytes; a file that is another one is refused."""

    precision: Literal["fp32", "int8"]
    path: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")]
    sha256: Sha256


class Trial(_Table):
    """How many defects of a kind at or over the usual limit a model found, of all that were rendered into units of
    designs that it had not seen."""

    kind: Kind
    found: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=1)]


class Measured(_Table):
    """Where trials come from: the units of ``tests/benchmarks/bench_defects.py`` under this seed, and the station's
    version that looked at them."""

    seed: Annotated[int, Field(ge=0)]
    units: Annotated[int, Field(ge=1)]
    program: Annotated[str, StringConstraints(min_length=1, max_length=20)]


class Card(_Table):
    """A model card.

    kinds : classes after the background, in the order of the scores. multiple : height and width that the network takes
    are multiples of this. trials : what it was measured at. trials_of : SHA-256 of the file that was measured, so that
    figures of older weights are noticed. measured : on which units and by which program. least_scores : of findings, by
    kind; those below are left out. sure_scores : by kind; a finding below is never nonconforming by itself, a person
    decides. about : how it was made, for a reader. limits : what it is known not to do.
    """

    name: Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z][a-z0-9.-]*$")]
    version: Annotated[str, StringConstraints(max_length=20)]
    weights: Annotated[tuple[Weights, ...], Field(min_length=1)]
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    multiple: Annotated[int, Field(ge=1, le=256)] = 16
    trials: tuple[Trial, ...] = ()
    trials_of: Sha256 | None = None
    measured: Measured | None = None
    least_scores: dict[Kind, Annotated[float, Field(ge=0, le=1)]] = {}
    sure_scores: dict[Kind, Annotated[float, Field(ge=0, le=1)]] = {}
    about: dict[str, str] = {}
    limits: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("a kind is named twice")
        for table in ("least_scores", "sure_scores"):
            strange = sorted(set(getattr(self, table)) - set(self.kinds))
            if strange:
                raise ValueError(f"{table} names {', '.join(strange)}, none of its kinds")
        if self.trials_of is not None and self.trials_of not in [w.sha256 for w in self.weights]:
            raise ValueError("trials_of is none of its weights: measure them anew, or leave trials out")
        return self

    @property
    def sure(self) -> dict[str, float]:
        """Score by kind, below which a finding is left to a person: every one of a kind that a model with trials was
        never tried with."""
        tried = {t.kind for t in self.trials}
        untried = {kind: math.inf for kind in self.kinds if self.trials and kind not in tried}
        return {**untried, **self.sure_scores}

    def weights_of(self, precision: str) -> Weights:
        """The file of this precision, or the card's first where it has none of it."""
        return next((w for w in self.weights if w.precision == precision), self.weights[0])


def read_card(path: Path) -> Card:
    """The card in a TOML file. Raises ModelError."""
    told: dict[str, Any] = {}
    try:
        told = read_toml(path.read_text("utf-8"))
        return Card.model_validate(told)
    except OSError as error:
        raise ModelError(
            f"the model card {path} cannot be read ({error.strerror})", "Name a card that is there."
        ) from None
    except RecursionError:
        raise ModelError(
            f"the model card {path} is no TOML that can be read (nested too deep)", "Mend the card."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"the model card {path} is no TOML ({error})", "Mend the card.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(k) for k in first["loc"]) or "the card"
        what, do = _in_words(first, told)
        raise ModelError(f"the model card {path}: {where}: {what}", do) from None


def _in_words(mistake: ErrorDetails, told: dict[str, Any]) -> tuple[str, str]:
    """What is wrong with a key of a card, and what to do, for whoever wrote it."""
    key, given = str(mistake["loc"][-1]) if mistake["loc"] else "", mistake["input"]
    if key in ("sha256", "trials_of") and mistake["type"].startswith("string"):
        files = told.get("weights", ())
        at = mistake["loc"][1] if len(mistake["loc"]) > 2 else None
        file = files[at].get("path") if isinstance(at, int) else None
        return f"{str(given)[:40]!r} is no SHA-256", f"Put in what `sha256sum {file or 'FILE.onnx'}` prints."
    if mistake["type"] == "string_type" and isinstance(given, (int, float)):
        return f"{given} is a number, and a text is needed", f'Put the {key} in quotes: {key} = "{given}"'
    if mistake["type"] == "missing":
        return "is missing", f"Add {key} to the card; the help page on models shows one."
    if mistake["type"] == "extra_forbidden":
        return "is no key of a card", "Leave it out, or spell it as the help page on models does."
    return wrong(mistake), "Mend the card."
