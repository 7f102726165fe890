"""One tree of errors; every message says what is wrong and what to do next.

::

    StationError                 anything the station refuses to do (exit code 2, one JSON shape in the API)
    +-- InputError               something handed in cannot be used
    |   +-- PhotoError           a picture: empty, not an image, truncated, too large, CMYK ...
    |   +-- SheetError           a control sheet: unknown key, missing tolerance, a seed outside the part ...
    |   +-- RigError             a rig, card or units file: unknown key, wrong type, impossible geometry
    |   +-- RequestError         an option, identifier or request that makes no sense
    +-- CalibrationError         the bench cannot be calibrated from these pictures, or the calibration has expired
    +-- AlignmentError           one picture cannot be registered onto another
    +-- AccessError              nobody is signed in, the role does not allow it, too many attempts
    |   +-- NotSignedInError     no session, or one that has ended
    |   +-- TooManyError         asked too often; ``wait_s`` says for how long to stop
    +-- DeviceError              a camera: not found, unplugged, a control that did not hold, no fresh frame
    |   +-- FramesEndedError     a recording in the place of a camera has no further frame
    +-- ModelError               a defect model whose hash, card or output is not what was promised
    +-- StoreError               records or evidence
        +-- NotFoundError        no such golden, unit, lot, rig
        +-- ConflictError        exists already, or was changed by somebody else
        |   +-- BeingDoneError   the same request is being done at this moment
        |   +-- ClaimedError     another reviewer looks at the unit
        |   +-- ChangedError     it is no longer what the request was made for (``If-Match``)
        +-- StaleSchemaError     the database was written by another version
        +-- StorageFullError     the disk is full or read-only
"""

from __future__ import annotations

import errno


class StationError(Exception):
    """Base of every refusal.

    Parameters
    ----------
    message
        What is wrong, in one line, with the name of the file, field or option.
    do
        What the user should do next, in one line.
    """

    code = "error"
    status = 400

    def __init__(self, message: str, do: str) -> None:
        super().__init__(message, do)
        self.message = " ".join(message.split())
        self.do = " ".join(do.split())

    def __str__(self) -> str:
        return f"{self.message.rstrip('.')}. {self.do}"


class InputError(StationError):
    code = "bad-input"
    status = 422


class PhotoError(InputError):
    code = "bad-photo"


class SheetError(InputError):
    code = "bad-sheet"


class RigError(InputError):
    code = "bad-rig"


class RequestError(InputError):
    code = "bad-request"


class CalibrationError(StationError):
    code = "not-calibrated"
    status = 409


class AlignmentError(StationError):
    code = "not-aligned"
    status = 422


class AccessError(StationError):
    code = "not-allowed"
    status = 403


class NotSignedInError(AccessError):
    code = "not-signed-in"
    status = 401


class TooManyError(AccessError):
    """wait_s : seconds until another attempt is looked at."""

    code = "too-many"
    status = 429

    def __init__(self, message: str, do: str, wait_s: int) -> None:
        super().__init__(message, do)
        self.wait_s = wait_s


class DeviceError(StationError):
    code = "device"
    status = 503


class FramesEndedError(DeviceError):
    """A recording in the place of a camera has no further frame."""


class ModelError(StationError):
    code = "model"
    status = 500


class StoreError(StationError):
    code = "store"
    status = 500


class NotFoundError(StoreError):
    code = "not-found"
    status = 404


class ConflictError(StoreError):
    code = "conflict"
    status = 409


class BeingDoneError(ConflictError):
    code = "being-done"


class ClaimedError(ConflictError):
    code = "claimed"


class ChangedError(ConflictError):
    code = "changed"
    status = 412


class StaleSchemaError(StoreError):
    code = "stale-schema"
    status = 503


class StorageFullError(StoreError):
    code = "storage-full"
    status = 507


DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says where there is no space for a file."""
_FULL_OR_READ_ONLY = {*DISK_FULL, errno.EROFS, errno.EACCES, errno.EPERM}


def disk_error(error: OSError) -> StoreError:
    """The station's error for what the disk said."""
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in _FULL_OR_READ_ONLY:
        return StorageFullError(
            f"the disk is full or read-only{where}: {error.strerror}",
            "Free some space or make the home writable, then run it again; what was finished is kept.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return StoreError(f"there is a file{where} where a folder should be", "Name another folder with --home.")
    if error.errno == errno.ENOENT:
        return StoreError(f"no folder can be made{where}", "Name another folder with --home.")
    return StoreError(f"the disk failed{where}: {error.strerror or error}", "Check the disk, then run: station check")
