"""The control sheet: what buyer and supplier agreed. TOML in and out, linted, digested.

``models``   the tables and their limits
``reading``  TOML to Sheet and back
``lint``     advice on what would be argued about
"""

from station.sheet.lint import LintRemark, lint_sheet
from station.sheet.models import (
    PREFERRED_AQL,
    Aql,
    Decision,
    DefectLimit,
    Entered,
    GoldenRecord,
    GuardBand,
    Limits,
    Mark,
    Product,
    Region,
    Sets,
    Sheet,
    Size,
    Viewing,
    decimal_of,
)
from station.sheet.reading import dump_sheet, load_sheet, read_sheet_file

__all__ = [
    "PREFERRED_AQL",
    "Aql",
    "Decision",
    "DefectLimit",
    "Entered",
    "GoldenRecord",
    "GuardBand",
    "Limits",
    "LintRemark",
    "Mark",
    "Product",
    "Region",
    "Sets",
    "Sheet",
    "Size",
    "Viewing",
    "decimal_of",
    "dump_sheet",
    "lint_sheet",
    "load_sheet",
    "read_sheet_file",
]
