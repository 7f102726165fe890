"""What leaves the station as JSON, version 1.

``base``  what every document is made of
``card``  the colour card in a photo
``unit``  one unit
``plan``  a sampling plan
``lot``   the decision on a lot
"""

from station.values.documents.base import DefectClass, Document, Verdict
from station.values.documents.card import CandidateDocument, CardDocument, FitDocument, PatchDocument
from station.values.documents.lot import (
    REJECTED_AT_REVIEW,
    Cause,
    ClassDecision,
    ClassTally,
    ClusterDocument,
    Extent,
    LotDocument,
    PreferenceDocument,
)
from station.values.documents.plan import OcPoint, PlanDocument, PlanFigures, PlanPoint
from station.values.documents.unit import (
    AlignmentDocument,
    CapabilityUseDocument,
    DisagreementDocument,
    FindingDocument,
    GateDocument,
    GaugeUseDocument,
    MeasurementDocument,
    ModelUseDocument,
    OutlineDocument,
    PoseDocument,
    ResidualDocument,
    ResidualPlace,
    SetAsideDocument,
    ThresholdUseDocument,
    UnitDocument,
)

__all__ = [
    "REJECTED_AT_REVIEW",
    "AlignmentDocument",
    "CandidateDocument",
    "CapabilityUseDocument",
    "CardDocument",
    "Cause",
    "ClassDecision",
    "ClassTally",
    "ClusterDocument",
    "DefectClass",
    "DisagreementDocument",
    "Document",
    "Extent",
    "FindingDocument",
    "FitDocument",
    "GateDocument",
    "GaugeUseDocument",
    "LotDocument",
    "MeasurementDocument",
    "ModelUseDocument",
    "OcPoint",
    "OutlineDocument",
    "PatchDocument",
    "PlanDocument",
    "PlanFigures",
    "PlanPoint",
    "PoseDocument",
    "PreferenceDocument",
    "ResidualDocument",
    "ResidualPlace",
    "SetAsideDocument",
    "ThresholdUseDocument",
    "UnitDocument",
    "Verdict",
]
