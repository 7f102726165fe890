"""JSON Schemas of the documents, by their names."""

from __future__ import annotations

import json
from typing import Any

from station.errors import RequestError
from station.values.documents import CardDocument, LotDocument, PlanDocument, UnitDocument


def json_schema(name: str) -> str:
    """JSON Schema of a document, as text. Raises RequestError for a name that is none."""
    from station.service import views
    from station.sheet import Sheet
    from station.values import comparison, order_exchange, sign_off
    from station.values.bench import CardReference, Rig
    from station.values.capability import CapabilityDocument
    from station.values.charts import LotTrendsDocument, ProcessDocument
    from station.values.cloning import CloneDocument
    from station.values.draw import DrawDocument, IntegrityDocument
    from station.values.entered import EnteredDocument
    from station.values.gates import FirstArticleDocument, OrderGatesDocument
    from station.values.gauge import GaugeStudyDocument
    from station.values.golden_record import (
        ArtworkDocument,
        ChecklistDocument,
        GoldenLintDocument,
        GoldenRecordDocument,
        RecordEntry,
        RecordEvent,
    )
    from station.values.lot_analysis import LotExplanationDocument, LotMapDocument
    from station.values.model_card import ModelCardDocument
    from station.values.nonconformity import NonconformityDocument, ReorderDocument
    from station.values.orders import OrderAdvice, OrderDocument
    from station.values.reviewed import RecalibrationDocument, ThresholdsDocument
    from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument
    from station.values.stream import NextLotDocument, StreamDocument
    from station.values.tolerance import ToleranceDocument

    documents: dict[str, tuple[Any, str]] = {
        "sheet": (Sheet, "validation"),
        "card": (CardDocument, "serialization"),
        "unit": (UnitDocument, "serialization"),
        "lot": (LotDocument, "serialization"),
        "plan": (PlanDocument, "serialization"),
        "limiting-quality-plan": (LimitingQualityDocument, "serialization"),
        "variables-plan": (VariablesPlanDocument, "serialization"),
        "scheme": (SchemeDocument, "serialization"),
        "order-export": (order_exchange.OrderExportDocument, "serialization"),
        "order-check": (order_exchange.OrderCheckDocument, "serialization"),
        "order-received": (order_exchange.ReceivedOrder, "serialization"),
        "order-comparison": (order_exchange.OrderComparisonDocument, "serialization"),
        "order": (OrderDocument, "serialization"),
        "order-advice": (OrderAdvice, "serialization"),
        "gates": (OrderGatesDocument, "serialization"),
        "first-article": (FirstArticleDocument, "serialization"),
        "stream": (StreamDocument, "serialization"),
        "next-lot": (NextLotDocument, "serialization"),
        "draw": (DrawDocument, "serialization"),
        "integrity": (IntegrityDocument, "serialization"),
        "nonconformity": (NonconformityDocument, "serialization"),
        "reorder": (ReorderDocument, "serialization"),
        "rig": (Rig, "validation"),
        "card-reference": (CardReference, "validation"),
        "golden": (views.GoldenView, "serialization"),
        "golden-status": (sign_off.GoldenStatusDocument, "serialization"),
        "golden-record": (GoldenRecordDocument, "serialization"),
        "golden-record-entry": (RecordEntry, "validation"),
        "golden-record-event": (RecordEvent, "serialization"),
        "golden-checklist": (ChecklistDocument, "serialization"),
        "golden-lint": (GoldenLintDocument, "serialization"),
        "golden-clone": (CloneDocument, "serialization"),
        "golden-artwork": (ArtworkDocument, "serialization"),
        "artefact": (sign_off.ArtefactDocument, "serialization"),
        "sign-off": (sign_off.SignOffDocument, "serialization"),
        "detached-signature": (sign_off.DetachedSignature, "serialization"),
        "acknowledgement": (sign_off.AcknowledgementDocument, "serialization"),
        "package": (sign_off.PackageDocument, "serialization"),
        "package-export": (sign_off.ExportDocument, "serialization"),
        "ledger-entry": (sign_off.LedgerEntryDocument, "serialization"),
        "ledger-head": (sign_off.LedgerHeadDocument, "serialization"),
        "key": (sign_off.KeyDocument, "serialization"),
        "check": (views.AuditView, "serialization"),
        "align": (views.AlignDocument, "serialization"),
        "model": (views.BoxesDocument, "serialization"),
        "model-card": (ModelCardDocument, "serialization"),
        "photo": (views.PhotoDocument, "serialization"),
        "comparison": (comparison.ComparisonDocument, "serialization"),
        "two-lights": (comparison.TwoLightsDocument, "serialization"),
        "set": (comparison.SetDocument, "serialization"),
        "tolerance": (ToleranceDocument, "serialization"),
        "entered": (EnteredDocument, "serialization"),
        "gauge": (GaugeStudyDocument, "serialization"),
        "capability": (CapabilityDocument, "serialization"),
        "review": (views.UnitFindingsView, "serialization"),
        "recalibration": (RecalibrationDocument, "serialization"),
        "thresholds": (ThresholdsDocument, "serialization"),
        "lot-map": (LotMapDocument, "serialization"),
        "lot-explanation": (LotExplanationDocument, "serialization"),
        "chart": (ProcessDocument, "serialization"),
        "trends": (LotTrendsDocument, "serialization"),
    }
    if name == "order-archive":  # several files under one name
        from station.service.order_exchange import order_schema

        return json.dumps(order_schema(), indent=2)
    if name not in documents:
        known = ", ".join([*documents, "order-archive"])
        raise RequestError(f"there is no document {name!r}", f"Use one of {known}.")
    model, mode = documents[name]
    return json.dumps(model.model_json_schema(by_alias=True, mode=mode), indent=2)
