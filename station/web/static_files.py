"""The files of the pages: scripts and styles go out packed, and a browser asks again only whether they changed.

Only these are packed. An answer that holds a secret beside what another site could choose would tell by its packed
length what the secret is (BREACH: Gluck, Harris and Prado, Black Hat USA 2013); these files hold none.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Scope

_PACKED = (".js", ".css", ".json", ".svg")


class PackedFiles(StaticFiles):
    """Static files that answer ``gzip`` where the browser takes it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if not path.endswith(_PACKED):
            return answer
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["Vary"] = "Accept-Encoding"
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if not isinstance(answer, FileResponse) or scope["method"] != "GET" or not _takes_gzip(accepted):
            return answer
        file = Path(answer.path)
        data = _packed(file, file.stat().st_mtime_ns)
        headers = {"Content-Encoding": "gzip", "ETag": f"W/{answer.headers['etag']}"}  # weak: the bytes are others
        kept: dict[str, Any] = {k: answer.headers[k] for k in ("Cache-Control", "Vary", "Last-Modified")}
        return Response(data, media_type=answer.media_type, headers={**kept, **headers})


def packed_json(text: str, accepted: str) -> Response:
    """JSON that is the same until the program changes, as the files are: packed where ``accepted`` takes it."""
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    data = text.encode()
    if _takes_gzip(accepted):
        data, headers["Content-Encoding"] = _squeezed(data), "gzip"
    return Response(data, media_type="application/json", headers=headers)


@lru_cache(maxsize=8)
def _squeezed(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    return any(part.strip().partition(";")[0] == "gzip" and part.strip()[-3:] != "q=0" for part in accepted.split(","))


@lru_cache(maxsize=256)
def _packed(file: Path, _changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
