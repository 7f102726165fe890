"""What runs inside a worker process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from station.batch.engine import explain

# Read by the libraries when they are first imported: workers share the cores, so each gets one thread.
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def work(connection: Connection, pickled_function: bytes) -> None:
    """Answer each item received with ``(result, error, trace)`` until the parent closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers itself
    threading.Thread(target=_follow_parent, daemon=True).start()
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    function: Any = None
    failure: BaseException | None = None
    try:
        import cv2

        cv2.setNumThreads(1)
        function = pickle.loads(pickled_function)
    except Exception as error:
        failure = error
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send_bytes(_answer(function, failure, connection.recv_bytes()))


def _follow_parent() -> None:
    """A worker whose parent was killed would otherwise finish its item for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(function: Any, failure: BaseException | None, pickled_item: bytes) -> bytes:
    try:
        if failure is not None:
            raise failure
        return pickle.dumps((function(pickle.loads(pickled_item)), None, ""))
    except Exception as error:
        reported, trace = explain(error)
        return pickle.dumps((None, reported, trace))
