"""Gates of a unit's photo against its golden: what a photo cannot tell is left undecided, with what to do about it.

Each answers one gate that is not ok, or none.
"""

from __future__ import annotations

from station.judge.blocking import FINDINGS
from station.values.line import LENGTHS, Aligned, Corrected, Gate, Master, Shot

COARSEST_STEP = 1.75
"""Quantiser step of a JPEG block's mean luma, in codes of 255. libjpeg writes 1.6 at quality 60, where four rendered
units had no false finding, and 2.0 at quality 50, where one had; at quality 40 three had."""

NOISIER, LEAST_NOISE = 6.0, 0.006
"""Noise of a unit's photo, as a multiple of the golden's and in linear light, beyond which its grain is taken for
defects: on a rendered unit 2.3 times brought no false finding, 15 times (0.011) a bubble of 1 mm."""


def same_card_gate(master: Master, corrected: Corrected) -> tuple[Gate, ...]:
    """Golden and unit are compared through one card: what its certificate is off by then cancels."""
    card = corrected.card if corrected.card is not None and corrected.card.usable else None
    if card is None or master.card is None:
        return ()
    if card.edition != master.card:
        reason = (
            f"The card was read as {card.edition}, the golden's as {master.card}: name the golden's card with --card"
        )
    elif master.card_colours is not None and card.colours != master.card_colours:
        reason = "The golden was read through another card of that name: use the golden's own card file"
    else:
        return ()
    return (Gate("card", False, reason, ("colour",)),)


def compression_gate(shot: Shot) -> tuple[Gate, ...]:
    """Strong JPEG compression draws blocks and fringes that look like pits."""
    step = shot.coding_step[0]
    if step <= COARSEST_STEP:
        return ()
    reason = (
        f"The file is compressed so strongly (steps of {step:.1f} codes in a block's mean) that its own pattern looks "
        "like defects: hand in the camera's file, JPEG quality 80 or better"
    )
    return (Gate("compression", False, reason, (FINDINGS,)),)


def noise_gate(master: Master, aligned: Aligned) -> tuple[Gate, ...]:
    """Grain that the golden's photo does not have is no defect of the part."""
    if aligned.noise <= max(NOISIER * master.noise, LEAST_NOISE):
        return ()
    times = aligned.noise / max(master.noise, 1e-6)
    reason = (
        f"The photo has {times:.0f} times the golden photo's noise, and grain looks like defects: give it more light, "
        "lower the camera's gain"
    )
    return (Gate("noise", False, reason, (FINDINGS,)),)


def height_gate(master: Master, aligned: Aligned) -> tuple[Gate, ...]:
    """Without the height of the measured face over the bench, a picture of it gives no millimetres."""
    if master.thickness_mm is not None or aligned.scale_source == "part":
        return ()
    reason = (
        "The control sheet gives no thickness_mm, so lengths would be off by the part's height: enter it and seal again"
    )
    return (Gate("height", False, reason, LENGTHS),)
