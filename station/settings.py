"""Folders, addresses and limits. Read when asked for, never at import, so that a test or a second home can differ."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment (``STATION_HOME``, ``STATION_PORT`` ...)."""

    model_config = SettingsConfigDict(env_prefix="STATION_", frozen=True)

    home: Path = Field(default_factory=lambda: Path.home() / ".station", description="database, evidence, keys, rigs")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; SQLite inside the home when absent")
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    names: str = Field(default="", description="names by which browsers reach a host beyond loopback, parted by commas")
    certificate: Path | None = Field(default=None, description="TLS certificate with its chain, PEM")
    certificate_key: Path | None = Field(default=None, description="its private key, PEM")
    plain_http: bool = Field(default=False, description="serve beyond loopback without TLS: passwords can be read")
    session_idle_minutes: int = Field(default=60, ge=1, le=24 * 60, description="after which a session ends by itself")
    session_hours: int = Field(default=12, ge=1, le=31 * 24, description="after which one signs in again in any case")
    max_megapixels: float = Field(default=60.0, gt=0, description="a larger picture is refused before it is decoded")
    max_photo_mb: float = Field(default=120.0, gt=0, description="a larger file is refused before it is opened")
    card: str | None = Field(
        default=None, description="edition of the colour card, or the path of a card TOML, where none is named"
    )
    camera: str = Field(
        default="", description="camera of the page Bench: replay:FOLDER, replay:VIDEO or simulated:DESIGN?seed=NUMBER"
    )
    defect_model: str = Field(
        default="golden-unit-net",
        description="a defect model's name, or the path of its card",
    )
    model_device: Literal["auto", "cpu", "cuda", "rocm", "migraphx", "directml", "coreml", "openvino"] = Field(
        default="auto", description="where a network runs; auto takes an accelerator where one is there and starts"
    )
    model_threads: int = Field(default=1, ge=1, le=256, description="of one inference of a network on the processor")


LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host.strip("[]") in {name.strip("[]") for name in LOOPBACK}


def read_settings(home: Path | None = None) -> Settings:
    """Settings as the environment gives them now; ``home`` overrides the home folder."""
    return Settings() if home is None else Settings(home=home)
