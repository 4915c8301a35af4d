"""A small HTTP server on 127.0.0.1: keep-alive, threads, optional TLS, and a connection that can be cut.

The handler is one function from `Request` to `Answer`. An answer with `reset` set is never sent: the client sees its
connection reset by the peer, which is how a lost answer looks.
"""

import contextlib
import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    """Still percent-encoded, without the query."""
    query: str
    """Raw, without the question mark."""
    headers: Mapping[str, str]
    """Names in lower case; of a repeated name the values joined by a comma."""
    body: bytes = b""

    def options(self) -> dict[str, str]:
        """The query as names and values, decoded; of a repeated name the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def header(self, name: str) -> str:
        """The value of a header, case-blind; "" when absent."""
        return self.headers.get(name.lower(), "")


@dataclass(slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    """Cut the connection instead of answering."""


def json_answer(status: int, data: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body in UTF-8."""
    body = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


class LoopbackServer:
    """A running server; `port` 0 takes a free one. Close it, or use it in a with statement."""

    def __init__(self, handle: Callable[[Request], Answer], *, port: int = 0, tls: ssl.SSLContext | None = None):
        self._server = _Server(("127.0.0.1", port), handle, tls)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name=f"loopback-{self.port}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stops listening and cuts the connections that are still open."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        self._thread.join(timeout=5)

    def __enter__(self) -> "LoopbackServer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handle: Callable[[Request], Answer], tls: ssl.SSLContext | None):
        self.handle_one = handle
        self.tls = tls
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Connection)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:  # the handshake itself is done in the connection's own thread
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        with contextlib.suppress(OSError):
            super().shutdown_request(request)

    def cut_connections(self) -> None:
        with self._guard:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away or broke its handshake is everyday; nothing is printed."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one piece
    server: _Server

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(30)
            self.request.do_handshake()
            self.request.settimeout(None)
        super().setup()

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        if "chunked" in headers.get("transfer-encoding", ""):
            self.close_connection = True
            self._write(Answer(411))
            return
        length = int(headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client died while it spoke: no effect
            self.close_connection = True
            return
        answer = self.server.handle_one(Request(self.command, path, query, headers, body))
        if answer.reset:
            self._reset()
        else:
            self._write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _write(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Date" not in answer.headers:
            self.send_header("Date", self.date_time_string())
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.request.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: what happened is in the records of the sandbox."""
