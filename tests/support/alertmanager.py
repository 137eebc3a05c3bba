"""A real Alertmanager on loopback: Debian's `prometheus-alertmanager`, with one receiver."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bot.sandbox.serving import free_port

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

# One second each, so that a test sees what takes minutes in production; repeats come after a second too.
_CONFIG = """
route:
  receiver: twinspan
  group_by: [service]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: {repeat}
receivers:
  - name: twinspan
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          {credentials}
"""


@dataclass
class Alertmanager:
    """A running Alertmanager; alerts are posted to it as Prometheus does."""

    http: httpx.AsyncClient

    async def tell(self, name: str, summary: str, started: datetime, ended: datetime | None = None) -> None:
        """Fire an alert about the payments service, or end it: https://prometheus.io/docs/alerting/latest/clients/."""
        labels = {"alertname": name, "service": "payments", "severity": "critical", "env": "production"}
        alert: dict[str, Any] = {
            "labels": labels,
            "annotations": {"summary": summary},
            "startsAt": started.isoformat(),
            "generatorURL": "http://prometheus.example/graph",
        }
        if ended:
            alert["endsAt"] = ended.isoformat()
        (await self.http.post("/api/v2/alerts", json=[alert])).raise_for_status()


@asynccontextmanager
async def alertmanager(
    webhook_url: str, folder: Path, *, credentials: str, repeat: str = "1h"
) -> AsyncIterator[Alertmanager]:
    """Run one for the length of a block; `credentials` is a line of its `http_config`."""
    assert PROGRAM is not None
    config, port = folder / "alertmanager.yml", free_port()
    config.write_text(_CONFIG.format(url=webhook_url, credentials=credentials, repeat=repeat))
    with (folder / "alertmanager.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            f"--config.file={config}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await _ready(http, process, folder)
            yield Alertmanager(http)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient, process: asyncio.subprocess.Process, folder: Path) -> None:
    async with asyncio.timeout(20):
        while True:
            assert process.returncode is None, (folder / "alertmanager.log").read_text()
            try:
                if (await http.get("/-/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
