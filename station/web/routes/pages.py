"""The pages: review, lots, orders, and the one on which one signs in. Templates; what they show they ask of the API."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from station import __version__

FOLDER = Path(__file__).resolve().parent.parent
STATIC = FOLDER / "static"

REASONS = (
    ("as per sheet", "as per control sheet"),
    ("fine by eye", "within tolerance by eye"),
    ("dust or lint", "dust or lint, not of the part"),
    ("glare", "glare or reflection"),
    ("colour", "colour differs"),
    ("logo", "logo out of place"),
    ("enamel", "enamel defect"),
    ("plating", "plating defect"),
    ("poor photo", "photo not good enough"),
)
"""Reasons by the keys 1 to 9, as shown and as recorded; the first is chosen when the page opens."""

router = APIRouter(include_in_schema=False)

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@router.get("/", response_class=HTMLResponse)
def review_page() -> str:
    return _templates.get_template("review.html").render(version=__version__, reasons=REASONS)


@router.get("/lots", response_class=HTMLResponse)
def lots_page() -> str:
    return _templates.get_template("lots.html").render(room="lots")


@router.get("/orders", response_class=HTMLResponse)
def orders_page() -> str:
    return _templates.get_template("orders.html").render(room="orders")


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in_page() -> str:
    return _templates.get_template("sign-in.html").render()
