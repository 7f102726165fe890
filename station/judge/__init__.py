"""Measurement + limit + uncertainty -> conforms | nonconforms | undecided.

``decision`` the decision rule of one number, with the guard band that the sheet chose
``rules``    what it is laid against: a measurement, and a unit as a whole
``finding_rules`` a finding: a defect with its limit
``blocking`` gates that failed, and what they take the verdict from
``wording``  its reasons, in words a buyer understands
``cross_check`` where two defect models disagree on a unit
``photo_gates`` what a photo cannot tell: another card, no height, strong compression, noise
``standing`` a unit with what was entered of it by hand
``risk``     how often a decision rule errs, for consumer and producer
"""

from station.judge.blocking import FINDINGS, is_blocked
from station.judge.decision import DECISION_RULES, compare, compare_tiers
from station.judge.finding_rules import findings_blocked, judge_finding
from station.judge.rules import Judgement, judge_measurement, judge_unit

__all__ = [
    "DECISION_RULES",
    "FINDINGS",
    "Judgement",
    "compare",
    "compare_tiers",
    "findings_blocked",
    "is_blocked",
    "judge_finding",
    "judge_measurement",
    "judge_unit",
]
