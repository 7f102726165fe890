"""A client of the local API for other programs, with the standard library alone.

>>> with Client("http://127.0.0.1:8321") as station:  # doctest: +SKIP
...     for unit in station.units(lot="L-0711"):
...         print(unit.unit, unit.verdict)

It speaks in the station's own documents. Every change carries a request key, and is sent again with the same one where
the answer was lost: it is done once. An answer that is a refusal raises :class:`Refused`.

``connection``      requests, answers, files, jobs
``units``           sessions, units, events
``reviewing``       the queue, who looks at which unit, reviews
``goldens``         golden samples: sealed, signed, their papers
``records``         the record of a golden sample
``orders``          orders and their gates
``lots``            lots, pick lists, plans, streams, charts
``measuring``       entered values, gauge studies, photos looked at
``exchange``        packages and archives between stations, the ledger, keys
``nonconformities`` what fell short: drafted, said of, sent, with their papers
"""

from __future__ import annotations

from station.client.connection import API, Answer, Refused
from station.client.exchange import Exchange
from station.client.goldens import Goldens
from station.client.lots import Lots
from station.client.measuring import Measuring
from station.client.nonconformities import Nonconformities
from station.client.orders import Orders
from station.client.records import Records
from station.client.reviewing import Reviewing
from station.client.units import Units

__all__ = ["API", "Answer", "Client", "Refused"]


class Client(Units, Reviewing, Goldens, Records, Orders, Lots, Nonconformities, Measuring, Exchange):
    """One connection to a station; not to be shared by threads.

    address : such as ``http://127.0.0.1:8321``. timeout : seconds. tries : how often a request is sent where the
    station does not answer. context : for TLS with a certificate of one's own.
    """
