"""Measurement + limit + uncertainty -> conforms | nonconforms | undecided.

``rules``    the decision rule, for a measurement, a finding and a unit
``wording``  its reasons, in words a buyer understands
"""

from station.judge.rules import FINDINGS, Judgement, compare, judge_finding, judge_measurement, judge_unit

__all__ = ["FINDINGS", "Judgement", "compare", "judge_finding", "judge_measurement", "judge_unit"]
