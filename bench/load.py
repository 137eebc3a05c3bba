"""A load generator: many connections, each sends its next request when the last one is answered.

Runs in a process of its own: `python -m bench.load HOST PORT PATH SECONDS CONNECTIONS RATE FIRST_ID KIND` prints one
JSON object with the number of answers by status, requests per second, and latencies in milliseconds. RATE 0 is as fast
as possible; otherwise requests are offered at RATE per second, and a latency counts from the instant at which its
request was due, so that a stalled server cannot hide its stall
(https://groups.google.com/g/mechanical-sympathy/c/icNZJejUHfE). KIND is `deploys` or `mix`
(see `bench.payloads`), or `get` for requests without a body.
"""

import asyncio
import hmac
import json
import sys
import time
from collections import Counter, deque
from typing import cast

import uvloop

from bench import payloads

SECRET = b"bench-secret"
FASTEST = 12_000


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.sent_at = 0.0
        self.answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's is none of asyncio's classes
        self.load.idle.append(self)

    def send(self, due: float) -> None:
        """Send the next request; its latency counts from `due`."""
        self.sent_at = due
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        """Take an answer, which is complete when its declared length has come."""
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.answer = b""
        self.load.answered(self, int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a connection that the server closed."""
        self.load.lost += 1


def _length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


class Load:
    """A run of requests."""

    def __init__(self, host: str, path: str, *, seconds: float, rate: float, first_id: int, kind: str) -> None:
        self.kinds = payloads.MIX if kind == "mix" else payloads.DEPLOYS
        lines = (f"Host: {host}", "Content-Type: application/json", "")
        self.head = "\r\n".join([f"POST {path} HTTP/1.1", *lines]).encode()
        self.get = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() if kind == "get" else None
        self.seconds, self.rate, self.number = seconds, rate, first_id
        self.ready: list[bytes] = []
        # First in, first out: a connection that is never used is closed by the server.
        self.idle: deque[Client] = deque()
        self.due: deque[float] = deque()
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.lost = 0
        self.ends_at = 0.0

    def sign_ahead(self) -> None:
        """Make the requests before the run: signing takes as long as answering, on the same two processors."""
        if self.get:
            return
        expected = int(self.seconds * (self.rate or FASTEST))
        self.ready = [self.request() for _ in range(expected)]
        self.ready.reverse()

    def next_request(self) -> bytes:
        """Return a request that was not sent yet."""
        if self.get:
            return self.get
        return self.ready.pop() if self.ready else self.request()

    def request(self) -> bytes:
        """Make the next request, signed as GitHub signs; a deployment's own requests follow one another."""
        self.number += 1
        deployment, part = divmod(self.number, len(self.kinds))
        payload = self.kinds[part]
        body = payload.body(deployment, self.number)
        signature = hmac.digest(SECRET, body, "sha256").hex().encode()
        lines = (
            b"X-GitHub-Event: " + payload.event.encode(),
            b"X-GitHub-Delivery: %d" % self.number,
            b"X-Hub-Signature-256: sha256=" + signature,
            b"Content-Length: %d" % len(body),
        )
        return b"%b%b\r\n\r\n%b" % (self.head, b"\r\n".join(lines), body)

    def answered(self, client: Client, status: int) -> None:
        """Count an answer and keep the connection working."""
        now = time.perf_counter()
        self.latencies.append(now - client.sent_at)
        self.statuses[status] += 1
        if self.rate:
            if self.due:
                client.send(self.due.popleft())
            else:
                self.idle.append(client)
        elif now < self.ends_at:
            client.send(now)
        else:
            self.idle.append(client)

    async def run(self, host: str, port: int, connections: int) -> dict[str, object]:
        """Open the connections, send for the given time, and sum up."""
        self.sign_ahead()
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: Client(self), host, port)
        began = time.perf_counter()
        self.ends_at = began + self.seconds
        if self.rate:
            await self._offer(began)
        else:
            for client in list(self.idle):
                self.idle.remove(client)
                client.send(time.perf_counter())
            await asyncio.sleep(self.seconds)
        while len(self.idle) < connections and time.perf_counter() < self.ends_at + 30:
            await asyncio.sleep(0.01)
        return self.summary(time.perf_counter() - began)

    async def _offer(self, began: float) -> None:
        offered = 0
        while (now := time.perf_counter()) < self.ends_at:
            for number in range(offered, int((now - began) * self.rate)):
                due = began + number / self.rate
                if self.idle:
                    self.idle.popleft().send(due)
                else:
                    self.due.append(due)
                offered += 1
            await asyncio.sleep(0.001)

    def summary(self, seconds: float) -> dict[str, object]:
        """Return what was measured."""
        ordered = sorted(self.latencies)
        return {
            "requests": len(ordered),
            "per_second": len(ordered) / seconds,
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "p50_ms": 1000 * ordered[len(ordered) // 2] if ordered else None,
            "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)] if ordered else None,
            "max_ms": 1000 * ordered[-1] if ordered else None,
        }


def main() -> None:
    """Run from the command line."""
    host, port, path, seconds, connections, rate, first_id, kind = sys.argv[1:9]
    load = Load(host, path, seconds=float(seconds), rate=float(rate), first_id=int(first_id), kind=kind)
    print(json.dumps(uvloop.run(load.run(host, int(port), int(connections)))))


if __name__ == "__main__":
    main()
