"""A private PostgreSQL for the tests: started from Debian's binaries, as an unprivileged user, on loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import scratch

# Tests prove behaviour, not durability: without fsync the suite is several times faster.
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "max_wal_size=256MB")


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's server binaries, newest version first; `None` where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), reverse=True)
    if found:
        return found[0].parent
    installed = shutil.which("initdb")
    return Path(installed).resolve().parent if installed else None


def why_not() -> str | None:
    """Say why no PostgreSQL can be had here; `None` when one can."""
    if os.environ.get("TEST_DATABASE_URL"):
        return None
    if binaries() is None:
        return "no PostgreSQL server binaries (Debian: postgresql) and no TEST_DATABASE_URL"
    if os.geteuid() == 0 and _unprivileged_user() is None:
        return "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody'"
    return None


@contextmanager
def cluster(*options: str) -> Iterator[str]:
    """Run a fresh PostgreSQL; yield the address of its maintenance database. `options` are passed to the server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    bin_dir = binaries()
    assert bin_dir is not None
    # With options of its own, as for a measurement, it is on the disk as PostgreSQL usually is.
    folder = Path(tempfile.mkdtemp(prefix="twinspan-pg-", dir=None if options else scratch.folder()))
    user = _unprivileged_user() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", _free_port()
    _run(user, bin_dir / "initdb", "-D", data, "-U", "twinspan", "--auth=trust", "-E", "UTF8", "--no-sync")
    settings = " ".join([f"-p {port}", f"-k {folder}", "-h 127.0.0.1", *(options or _FAST)])
    _run(user, bin_dir / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start")
    try:
        yield f"postgresql+asyncpg://twinspan@127.0.0.1:{port}/postgres"
    finally:
        _run(user, bin_dir / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str | None, *command: str | Path) -> None:
    words = [str(word) for word in command]
    if user:
        words = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", *words]
    subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)


def _unprivileged_user() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
