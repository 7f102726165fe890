"""When the same word said again is one that was said twice, and when it is another one.

A command may be run twice, and a request sent twice, without recording anything twice. What people do again and again
in the same words, such as a look at the line that finds nothing, is done anew each time: there only the very next
minute counts as the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

AT_ONCE: Final = timedelta(minutes=1)
"""A judgement: nobody takes another sample from the line in it, and a command that is repeated is repeated in it."""


def is_repeated(before: datetime, now: datetime) -> bool:
    """Whether something done again is the same deed. A clock that was set back tells nothing, so that it is another."""
    return timedelta(0) <= now - before < AT_ONCE
