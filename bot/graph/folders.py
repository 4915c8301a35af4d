"""The bot's folders and categories in the mailbox. Of received mail nothing else is ever changed."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from bot.graph.session import GraphError, GraphSession

REQUESTS = "Privacyverzoeken"
DONE = "Afgerond"
CATEGORY = "Privacyverzoek"
CATEGORY_ACTION = "Privacyverzoek: actie"


def ensure(graph: GraphSession) -> tuple[str, str]:
    """The ids of `Privacyverzoeken` and `Privacyverzoeken/Afgerond`, made when they are not there."""
    requests = _child(graph, f"{graph.mailbox_url}/mailFolders", REQUESTS)
    return requests, _child(graph, f"{graph.mailbox_url}/mailFolders/{quote(requests)}/childFolders", DONE)


def existing(graph: GraphSession) -> tuple[str, ...]:
    """The ids of the bot's folders that are there."""
    found = _named(graph, f"{graph.mailbox_url}/mailFolders", REQUESTS)
    if found is None:
        return ()
    done = _named(graph, f"{graph.mailbox_url}/mailFolders/{quote(found)}/childFolders", DONE)
    return (found,) if done is None else (found, done)


def known(graph: GraphSession, names: Iterable[str]) -> dict[str, str]:
    """Well-known folders by their ids, as `parentFolderId` names them; one that the mailbox lacks is left out."""
    found = {}
    for name in names:
        try:
            found[str(graph.get(f"{graph.mailbox_url}/mailFolders/{name}?$select=id")["id"])] = name
        except GraphError as error:
            if error.status not in (400, 404, 501):
                raise
    return found


def _named(graph: GraphSession, url: str, name: str) -> str | None:
    page_url = f"{url}?$top=100&$select=displayName"
    while page_url:
        page = graph.get(page_url)
        for folder in page.get("value") or []:
            if folder.get("displayName") == name:
                return str(folder["id"])
        page_url = page.get("@odata.nextLink") or ""
    return None


def _child(graph: GraphSession, url: str, name: str) -> str:
    found = _named(graph, url, name)
    if found is not None:
        return found
    try:
        return str(graph.post(url, {"displayName": name})["id"])
    except GraphError:
        found = _named(graph, url, name)  # made by somebody else in between, or in spite of the answer
        if found is None:
            raise
        return found


def move(graph: GraphSession, graph_id: str, folder: str) -> str:
    """Moves a message and gives its id, which stays the same with immutable ids."""
    moved = graph.post(f"{graph.mailbox_url}/messages/{quote(graph_id)}/move", {"destinationId": folder})
    return str(moved.get("id") or graph_id)


def categorise(graph: GraphSession, graph_id: str, categories: Sequence[str]) -> None:
    """Adds the bot's categories to a message and leaves those of others as they are."""
    url = f"{graph.mailbox_url}/messages/{quote(graph_id)}"
    present = [str(name) for name in graph.get(f"{url}?$select=categories").get("categories") or []]
    ours = (CATEGORY, CATEGORY_ACTION)
    graph.patch(url, {"categories": [name for name in present if name not in ours] + list(categories)})
