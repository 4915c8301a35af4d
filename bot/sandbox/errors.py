"""Refusals of Graph, raised where they arise and written as Graph writes them."""

from collections.abc import Mapping


class GraphError(Exception):
    """A refusal: HTTP status, Graph's error code, a text, extra headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


class Unmodelled(Exception):
    """Something that real Graph knows and this sandbox does not: answered with 501 and recorded."""


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """A request that makes no sense."""
    return GraphError(400, code, message)


def item_not_found() -> GraphError:
    """What a wrong id, a moved item (by its ordinary id) and an erased item look like."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
