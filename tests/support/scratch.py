"""Where the tests put their files: in memory, where there is room, so that no test waits for a disk.

SQLite flushes with every commit, as it must for the bot. What the tests prove (a killed process, a commit that was made
or was not) does not depend on what the machine would keep without power.
"""

import shutil
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")
# The databases of one run, PostgreSQL's log of changes among them; containers often have 64 MB and get the disk.
_ENOUGH: Final = 4 * 2**30


def folder() -> Path | None:
    """Return a folder in memory; `None` where there is none with room."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ENOUGH:
        return None
    return _MEMORY
