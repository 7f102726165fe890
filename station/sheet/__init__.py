"""The control sheet: what buyer and supplier agreed. TOML in and out, linted, digested.

``fields``   what cells may hold, limits, the checks that tables share
``sizes``    what is measured by photo or entered by hand, with its limits
``defects``  limits of local defects, by kind and place
``models``   the other tables, and the sheet of them all
``reading``  TOML to Sheet and back
``functional`` what is never minor
``words``    words that say nothing measurable
``completeness`` what a product type's sheet must say, and templates that say it
``lint``     advice on what would be argued about
"""

from station.sheet.defects import DefectLimit
from station.sheet.fields import Limits, decimal_of
from station.sheet.functional import FUNCTIONAL, class_of
from station.sheet.lint import LintRemark, lint_sheet
from station.sheet.models import (
    PREFERRED_AQL,
    Aql,
    Decision,
    GoldenRecord,
    GuardBand,
    Mark,
    Product,
    Region,
    Sets,
    Sheet,
    Viewing,
    agreed_aql,
)
from station.sheet.reading import dump_sheet, load_sheet, read_sheet_file
from station.sheet.sizes import Entered, Size

__all__ = [
    "FUNCTIONAL",
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
    "agreed_aql",
    "class_of",
    "decimal_of",
    "dump_sheet",
    "lint_sheet",
    "load_sheet",
    "read_sheet_file",
]
