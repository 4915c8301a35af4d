"""Named points before and after every commit and every HTTP call, at which the crash proof kills this process.

In production nothing is armed: a point is one comparison. In a proof run (`make soak`, `docs/reliability.md`)

- `PRIVACYBOT_KILL=<point>:<n>` ends the process with SIGKILL when it reaches that point for the n-th time,
- `PRIVACYBOT_KILL_LOG=<file>` appends the name of each point that was reached.

A name says before or after, what, and where in the code: `before commit:sending._send`,
`after graph:outbox.send POST /messages/{id}/send`; the second commit of a function is `commit:sending._send 2`. `*`
stands for any point. `sites` finds the same places in the source, so that one that no proof reached is seen.
"""

import ast
import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from urllib.parse import unquote, urlsplit

GRAPH_CALLS = frozenset({"get", "get_bytes", "patch", "delete", "post", "post_text", "put_upload", "get_upload"})
_NOTHING = nullcontext()
_AN_ID = re.compile(r"^\d+(?=\.|$)|^.*@.*$|^.{30,}$|(?<=\(').*(?='\))")
_MAILBOX = re.compile(r"^/v1\.0/users/\{id\}")


@dataclass
class _Proof:
    """What a proof run asks for."""

    point: str
    nth: int
    log: int | None
    hits: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


_proof: _Proof | None = None


def arm(kill: str, log: str) -> None:
    """Sets what the two variables say; two empty texts disarm. Raises ValueError for a kill without a number."""
    global _proof
    point, _, nth = kill.rpartition(":")
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if log else None
    _proof = _Proof(point, int(nth) if kill else 0, handle) if kill or log else None


def around(kind: str, what: str = "", url: str = "") -> AbstractContextManager[None]:
    """A point before and one after the block, however it ends.

    `kind` is commit (`what`: its name), graph (named by the call of a GraphSession that leads here) or http (named by
    the function that calls this); of the last two `what` is the method.
    """
    return _NOTHING if _proof is None else _around(_name(kind, what, url))


@contextmanager
def _around(name: str) -> Iterator[None]:
    before(name)
    try:
        yield
    finally:
        after(name)


def name_of(kind: str) -> str:
    """The name of the point where the caller's caller stands, for `before` and `after`; "" when nothing is armed."""
    return "" if _proof is None else _name(kind, "", "")


def before(name: str) -> None:
    """The point before."""
    if name:
        _reached(f"before {name}")


def after(name: str) -> None:
    """The point after."""
    if name:
        _reached(f"after {name}")


def _reached(point: str) -> None:
    proof = _proof
    if proof is None:
        return
    with proof.lock:
        if proof.log is not None:
            os.write(proof.log, f"{point}\n".encode())
        proof.hits.update((point, "*"))
        if proof.hits[proof.point] == proof.nth and proof.point in (point, "*"):
            os.kill(os.getpid(), signal.SIGKILL)


def _name(kind: str, what: str, url: str) -> str:
    if kind == "commit" and what:
        return f"commit:{what}"
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        site = sites(frame.f_code.co_filename).get(frame.f_lineno, "")
        if site.startswith(kind):
            return " ".join(part for part in (site, what.upper(), route(url) if url else "") if part)
        frame = frame.f_back
    return f"{kind}:elsewhere"


def route(url: str) -> str:
    """The path of a URL without the mailbox, ids left open: `/messages/{id}/send`."""
    parts = (_AN_ID.sub("{id}", part) for part in unquote(urlsplit(url).path).split("/"))
    return _MAILBOX.sub("", "/".join(parts)) or "/"


@cache
def sites(file: str) -> Mapping[int, str]:
    """Every commit and HTTP call in a source file of `bot`: line to name (`commit:sending._send 2`)."""
    path = Path(file)
    if "bot" not in path.parts or "sandbox" in path.parts or not path.is_file():
        return {}
    finder = _Finder(path.stem)
    finder.visit(ast.parse(path.read_text(encoding="utf-8")))
    return finder.found


class _Finder(ast.NodeVisitor):
    """Walks a module and notes the calls that commit or speak HTTP."""

    def __init__(self, module: str) -> None:
        self.found: dict[int, str] = {}
        self._where = [module]
        self._count: Counter[str] = Counter()

    def _enter(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self._where.append(node.name)
        self.generic_visit(node)
        self._where.pop()

    visit_FunctionDef = visit_ClassDef = _enter  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        """Notes one call."""
        kind = _kind(node)
        if kind:
            name = kind if ":" in kind else f"{kind}:{'.'.join(self._where)}"
            self._count[name] += 1
            if self._count[name] > 1:
                name += f" {self._count[name]}"
            self.found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), name))
        self.generic_visit(node)


def _kind(call: ast.Call) -> str:
    """commit, graph or http; with a name of its own `commit:<name>`; "" for any other call."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    base = call.func.value
    owner = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    match owner, call.func.attr:
        case "store", "begin":
            return "commit"
        case _, "_writing":
            return "commit"
        case (("graph" | "_graph"), method) if method in GRAPH_CALLS:
            return "graph"
        case "killpoint", "around":
            words = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
            return ":".join(words[:2]) if words[0] == "commit" else words[0] if words[0] == "http" else ""
    return ""


arm(os.environ.get("PRIVACYBOT_KILL", ""), os.environ.get("PRIVACYBOT_KILL_LOG", ""))
