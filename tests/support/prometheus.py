"""A real Prometheus on loopback: Debian's `prometheus`, which scrapes itself and remembers what it is given."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from bot.sandbox.serving import free_port

PROGRAM = shutil.which("prometheus")
TOOL = shutil.which("promtool")

USERNAME, PASSWORD = "twinspan", "s3cret"
# https://prometheus.io/docs/prometheus/latest/configuration/https/: bcrypt of the password, at its least cost.
_USERS = f"basic_auth_users: {{{USERNAME}: $2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG}}\n"
_CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: prometheus
    basic_auth: {{username: {username}, password: {password}}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


@contextmanager
def prometheus(folder: Path, past: str) -> Iterator[str]:
    """Run one for the length of a block and yield its address; `past` is what it remembers, as OpenMetrics text."""
    assert PROGRAM is not None
    port = free_port()
    (folder / "web.yml").write_text(_USERS)
    (folder / "prometheus.yml").write_text(_CONFIG.format(username=USERNAME, password=PASSWORD, port=port))
    _remember(folder, past)
    command = (
        PROGRAM,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--web.config.file={folder / 'web.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=50y",
    )
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _ready(f"http://127.0.0.1:{port}", process, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _remember(folder: Path, past: str) -> None:
    """Write blocks of the past: https://prometheus.io/docs/prometheus/latest/storage/#backfilling-from-openmetrics-format."""
    assert TOOL is not None
    (folder / "past.txt").write_text(past)
    command = (TOOL, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h")
    made = subprocess.run([*command, folder / "past.txt", folder / "data"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def _ready(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Wait until it answers and has scraped itself."""
    end = time.monotonic() + 30
    with httpx.Client(trust_env=False, auth=(USERNAME, PASSWORD)) as http:
        while True:
            is_late = process.poll() is not None or time.monotonic() > end
            assert not is_late, (folder / "prometheus.log").read_text()
            with suppress(httpx.TransportError):
                if '"1"' in http.get(f"{url}/api/v1/query", params={"query": "up"}).text:
                    return
            time.sleep(0.1)
