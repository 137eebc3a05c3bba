"""A load generator: many connections, each sends its next request when the last one is answered.

Runs in a process of its own: `python -m bench.load HOST PORT PATH SECONDS CONNECTIONS RATE FIRST_ID KIND` prints one
JSON object with the number of answers by status, requests per second, and latencies in milliseconds. RATE 0 is as fast
as possible; otherwise requests are offered at RATE per second, and a latency counts from the instant at which its
request was due, so that a stalled server cannot hide its stall
(https://groups.google.com/g/mechanical-sympathy/c/icNZJejUHfE). KIND is `deploys` or `mix`
(see `bench.payloads`), or `get` for requests without a body.

It is made of bare sockets and `select`, whose timeout is in microseconds: the timers of an event loop are in
milliseconds, so that a request that is due would leave up to two of them late.
"""

import hmac
import json
import select
import socket
import sys
import time
from collections import Counter, deque

from bench import payloads

SECRET = b"bench-secret"
FASTEST = 12_000


class Client:
    """One connection."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.answer = b""

    def send(self, request: bytes, due: float) -> None:
        """Send a request; its latency counts from `due`."""
        self.sent_at = due
        self.socket.sendall(request)

    def read(self) -> int | None:
        """Read what came; return the status of an answer that is complete.

        Raises:
            ConnectionError: the server closed the connection.
        """
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError("the server closed a connection")
        answer = self.answer + data
        head = answer.find(b"\r\n\r\n")
        if head < 0 or len(answer) < head + 4 + _length(answer[:head]):
            self.answer = answer
            return None
        self.answer = b""
        return int(answer[9:12])


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
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.offered = 0

    def sign_ahead(self) -> None:
        """Make the requests before the run: signing takes as long as answering, on the same processors."""
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

    def run(self, host: str, port: int, connections: int) -> dict[str, object]:
        """Open the connections, send for the given time, and sum up."""
        self.sign_ahead()
        clients = [Client(host, port) for _ in range(connections)]
        by_number = {client.socket.fileno(): client for client in clients}
        self.idle.extend(clients)
        began = time.perf_counter()
        give_up_at = began + self.seconds + 30
        while (now := time.perf_counter()) < give_up_at:
            waiting_until = self._send(began, now)
            if waiting_until is None and len(self.idle) == connections:
                break
            timeout = max(0.0, (waiting_until or give_up_at) - now)
            readable, _, _ = select.select(by_number, (), (), timeout)
            self._take([by_number[number] for number in readable])
        else:
            raise SystemExit(f"{connections - len(self.idle)} requests were not answered within 30 s after the last")
        return self.summary(now - began)

    def _send(self, began: float, now: float) -> float | None:
        """Send what is due on the connections that are idle; return when the next is due, `None`: none, or no idle."""
        if not self.rate:
            while self.idle and now < began + self.seconds:
                self.idle.popleft().send(self.next_request(), time.perf_counter())
            return None
        total = int(self.seconds * self.rate)
        while self.idle and self.offered < total and (due := began + self.offered / self.rate) <= now:
            self.idle.popleft().send(self.next_request(), due)
            self.offered += 1
        is_over = self.offered == total
        return None if is_over or not self.idle else began + self.offered / self.rate

    def _take(self, clients: list[Client]) -> None:
        """Take answers; a connection whose answer is whole may send again."""
        now = time.perf_counter()
        for client in clients:
            status = client.read()
            if status is not None:
                self.latencies.append(now - client.sent_at)
                self.statuses[status] += 1
                self.idle.append(client)

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
    print(json.dumps(load.run(host, int(port), int(connections))))


if __name__ == "__main__":
    main()
