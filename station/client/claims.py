"""Nonconformities."""

from __future__ import annotations

from collections.abc import Iterator

from station.client.connection import Connection
from station.values.nonconformity import NonconformityDocument


class Claims(Connection):
    """Nonconformities."""

    def nonconformities(self) -> Iterator[NonconformityDocument]:
        """Every nonconformity as it stands."""
        return self.pages("/nonconformities", NonconformityDocument)
