"""The routes of Microsoft Graph that this sandbox knows, one function each.

A route's name is its method and its path with names in braces; paths come in many spellings
(`/mailFolders/inbox`, `/mailFolders('inbox')`, below a parent folder) and are brought to one form first.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urlencode

from bot.sandbox import exchange, odata, resource
from bot.sandbox.delta import Rounds
from bot.sandbox.errors import GraphError, Unmodelled, bad_request, item_not_found
from bot.sandbox.loopback import Answer, Request, json_answer
from bot.sandbox.mailbox import CATEGORY_COLOURS, Folder, Item, Mailbox
from bot.sandbox.odata import EXTENDED
from bot.sandbox.resource import View
from bot.sandbox.tenant import Tenant

MAX_WRITE = 4 * 1024 * 1024
"""A Graph write above this many bytes is refused with 413; so is a range of an upload."""
MAX_POSTED_ATTACHMENT = 3 * 1024 * 1024
"""Larger attachments need an upload session."""
MAX_UPLOAD = 150 * 1024 * 1024
MAX_SEARCH = 1000
FREE_FIELDS = frozenset({"isRead", "categories", "flag", "importance", EXTENDED})
"""What may be changed on received mail without Mail-Advanced permissions."""


@dataclass(slots=True)
class Upload:
    """An upload session: what it will be, and what came so far."""

    box: Mailbox
    item: Item
    name: str
    size: int
    content_type: str
    content_id: str
    expires: str
    data: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Office:
    """What the routes work on."""

    tenant: Tenant
    rounds: Rounds
    uploads: dict[str, Upload]
    url: str
    search_misses: bool
    mime_drafts_drop_attachments: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with its mailbox found and its path read."""

    office: Office
    request: Request
    params: Mapping[str, str]
    box: Mailbox
    view: View
    prefer: Mapping[str, str]

    @property
    def link(self) -> str:
        """The URL of this route without its query."""
        return self.office.url + self.request.path

    def options(self, *known: str) -> dict[str, str]:
        """The query options by lower-case name. Raises Unmodelled for one that is not among `known`."""
        given = {name.lower(): value for name, value in self.request.options().items()}
        for name in given:
            if name not in known:
                raise Unmodelled(f"query option {name}")
        return given

    def json(self) -> dict[str, Any]:
        """The JSON body; an empty one is an empty object. Raises GraphError 400."""
        try:
            data = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise bad_request("Unable to read JSON request payload.") from error
        if not isinstance(data, dict):
            raise bad_request("Unable to read JSON request payload.")
        return data

    def item(self) -> Item:
        """The message that the path names. Raises GraphError 404, or 400 for what is no id at all."""
        any_id = self.params["id"]
        if not re.fullmatch(r"AA[\w-]{60,}=*", any_id):
            raise bad_request("Id is malformed.", "ErrorInvalidIdMalformed")
        found = self.box.item(any_id)
        if found is None:
            raise item_not_found()
        return found

    def folder(self, which: str | None = None) -> Folder:
        """The folder that the path (or `which`) names. Raises GraphError 404."""
        found = self.box.folder(which or self.params["folder"])
        if found is None:
            raise GraphError(404, "ErrorItemNotFound", "The specified folder could not be found in the store.")
        return found

    def page_size(self, options: Mapping[str, str], default: int = 10) -> int:
        """From $top, else from Prefer, else the default. Raises GraphError 400."""
        text = options.get("$top") or self.prefer.get("odata.maxpagesize") or str(default)
        if not text.isdigit() or not 1 <= int(text) <= 1000:
            raise bad_request("The limit of 1000 for $top query has been exceeded or is no number.")
        return int(text)


Route = Callable[[Call], Answer]


# folders


def list_folders(call: Call) -> Answer:
    """Top-level folders, or those below one."""
    parent = call.folder() if "folder" in call.params else call.box.root
    options = call.options("$top", "$skip", "$filter", "$select", "includehiddenfolders", "$count")
    hidden = options.get("includehiddenfolders", "").lower() == "true"
    found = [f for f in call.box.children(parent) if hidden or not f.hidden]
    rows = [resource.folder(call.box, f) for f in found]
    if options.get("$filter"):
        test = odata.parse_filter(options["$filter"]).test
        rows = [row for row in rows if test(row.get)]
    return _paged(call, options, rows, lambda row: row)


def get_folder(call: Call) -> Answer:
    """One folder."""
    call.options("$select")
    return json_answer(200, resource.folder(call.box, call.folder()))


def create_folder(call: Call) -> Answer:
    """A folder at the top or below another; 409 when the name is taken."""
    parent = call.folder() if "folder" in call.params else call.box.root
    data = call.json()
    name = str(data.get("displayName") or "").strip()
    if not name:
        raise bad_request("The folder name is missing.", "ErrorFolderNameInvalid")
    try:
        made = call.box.add_folder(name, parent, hidden=bool(data.get("isHidden")))
    except KeyError as error:
        message = "A folder with the specified name already exists."
        raise GraphError(409, "ErrorFolderExists", message) from error
    return json_answer(201, resource.folder(call.box, made))


# reading


def list_messages(call: Call) -> Answer:
    """The messages of a folder or of the mailbox, filtered, sorted or searched."""
    folder = call.folder() if "folder" in call.params else None
    options = call.options("$filter", "$orderby", "$top", "$skip", "$select", "$expand", "$search", "$count")
    call.office.tenant.look(call.box, folder)
    select = resource.parse_select(options["$select"]) if options.get("$select") else ()
    expand = odata.parse_expand(options.get("$expand", ""))
    items = list(call.box.newest_first(folder))
    found = odata.parse_filter(options["$filter"]) if options.get("$filter") else None
    order = odata.parse_orderby(options["$orderby"]) if options.get("$orderby") else []
    if "$search" in options:
        if found or order:
            raise bad_request("The query parameter '$search' is not supported with '$filter' or '$orderby'.")
        items = _searched(call, options["$search"], items)
    odata.check_efficient(found, order)
    if found:
        items = [item for item in items if found.test(_lookup(item, call.view))]
    for name, descending in reversed(order):
        items.sort(key=lambda item: str(resource.look_up(item, call.view, name)).casefold(), reverse=descending)
    return _paged(call, options, items, lambda item: resource.message(item, call.view, select, expand))


def _lookup(item: Item, view: View) -> odata.Lookup:
    return lambda path: resource.look_up(item, view, path)


def _searched(call: Call, text: str, items: list[Item]) -> list[Item]:
    test = odata.parse_search(text)
    if call.office.search_misses:
        return []
    hits = [item for item in items if test(_lookup(item, call.view))]
    return sorted(hits, key=lambda item: item.sent, reverse=True)[:MAX_SEARCH]


def delta(call: Call) -> Answer:
    """A page of a delta round over one folder."""
    folder = call.folder()
    call.office.tenant.look(call.box, folder)
    size = call.page_size({"$top": call.prefer.get("odata.maxpagesize", "")})
    page = call.office.rounds.page(call.box, folder, call.request.options(), size, call.view, call.link)
    return json_answer(200, page)


def get_message(call: Call) -> Answer:
    """One message."""
    item = call.item()
    options = call.options("$select", "$expand")
    call.office.tenant.look(call.box, item=item)
    select = resource.parse_select(options["$select"]) if options.get("$select") else ()
    return json_answer(
        200, resource.message(call.item(), call.view, select, odata.parse_expand(options.get("$expand", "")))
    )


def get_mime(call: Call) -> Answer:
    """The message as MIME."""
    item = call.item()
    call.office.tenant.look(call.box, item=item)
    return Answer(200, call.item().raw, {"Content-Type": "text/plain"})


# writing


def create_message(call: Call) -> Answer:
    """A draft, from MIME (base64 as text/plain) or from JSON; in Drafts or in the folder of the path."""
    folder = call.folder() if "folder" in call.params else call.folder("drafts")
    body = call.request.body
    if len(body) > MAX_WRITE:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
    if call.request.header("Content-Type").lower().startswith("text/plain"):
        raw = _mime_of(body)
        if call.office.mime_drafts_drop_attachments:
            raw = exchange.without_attachments(raw)
        item = call.box.add(exchange.completed_draft(raw, call.office.tenant.now()), folder, is_draft=True)
    else:
        item = _json_draft(call, call.json(), folder)
    item.is_read = True
    return json_answer(201, resource.message(item, call.view))


def _mime_of(body: bytes) -> bytes:
    try:
        raw = base64.b64decode(re.sub(rb"\s+", b"", body), validate=True)
    except binascii.Error:
        raw = b""
    if not raw:
        raise bad_request("Invalid base64 string for MIME content.", "ErrorMimeContentInvalidBase64String")
    return raw


def _json_draft(call: Call, data: dict[str, Any], folder: Folder) -> Item:
    headers = data.get("internetMessageHeaders") or []
    if len(headers) > 5 or any(not str(h.get("name", "")).lower().startswith("x-") for h in headers):
        raise bad_request(
            "The internet message header name must start with 'x-' and there may be five at most.",
            "InvalidInternetMessageHeaderCollection",
        )
    now = call.office.tenant.now()
    raw = exchange.draft_from_json(data, call.box.address, call.box.name, now)
    for entry in data.get("attachments") or ():
        raw = _attached(raw, entry)
    item = call.box.add(raw, folder, is_draft=True)
    _set_free_fields(item, data)
    return item


def update_message(call: Call) -> Answer:
    """Categories, flag and read state of any message; the rest of a draft alone."""
    item, data = call.item(), call.json()
    fixed = [name for name in data if name not in FREE_FIELDS and not name.startswith("@")]
    if fixed and not item.is_draft:
        raise GraphError(403, "ErrorAccessDenied", f"Access is denied. {fixed[0]} of a sent or received message.")
    for name in fixed:
        if name != "body" and name not in exchange.JSON_HEADERS:
            raise Unmodelled(f"PATCH of {name}")
    if fixed:
        call.box.replace_content(item, exchange.edited_draft(item.raw, {name: data[name] for name in fixed}))
    only_read = set(data) == {"isRead"}
    if only_read and data["isRead"] == item.is_read:
        return json_answer(200, resource.message(item, call.view))
    _set_free_fields(item, data)
    call.box.touch(item, "read" if only_read else "updated")
    return json_answer(200, resource.message(item, call.view))


def _set_free_fields(item: Item, data: Mapping[str, Any]) -> None:
    if "isRead" in data:
        item.is_read = bool(data["isRead"])
    if "categories" in data:
        item.categories = tuple(str(name) for name in data["categories"] or ())
    if "flag" in data:
        item.flag = dict(data["flag"] or {"flagStatus": "notFlagged"})
    if "importance" in data:
        item.importance = str(data["importance"]).lower()
    for entry in data.get(EXTENDED) or ():
        item.properties[odata.property_id(str(entry["id"]))] = str(entry["value"])


def send(call: Call) -> Answer:
    """Submits a draft: 202 and an empty body."""
    item = call.item()
    call.office.tenant.submit(call.box, item)
    return Answer(202)


def move(call: Call) -> Answer:
    """Into another folder: the answer holds the message, with its new id."""
    item, target = call.item(), call.folder(str(call.json().get("destinationId") or "?"))
    call.box.move(item, target)
    return json_answer(201, resource.message(item, call.view))


def copy(call: Call) -> Answer:
    """A copy in another folder."""
    item, target = call.item(), call.folder(str(call.json().get("destinationId") or "?"))
    return json_answer(201, resource.message(call.box.copy(item, target), call.view))


def delete(call: Call) -> Answer:
    """To Deleted Items; from there to the recoverable items."""
    item = call.item()
    gone = item.folder.well_known == "deleteditems"
    call.box.move(item, call.folder("recoverableitemsdeletions" if gone else "deleteditems"))
    return Answer(204)


def permanent_delete(call: Call) -> Answer:
    """For good, as far as users can see."""
    call.box.withdraw(call.item())
    return Answer(204)


# attachments


def list_attachments(call: Call) -> Answer:
    """The attachments of a message, with bytes unless $select leaves them out; $filter is ignored, as in Graph."""
    options = call.options("$select", "$filter", "$top", "$skip")
    return json_answer(200, {"value": resource.attachments(call.item(), options.get("$select", ""))})


def get_attachment(call: Call) -> Answer:
    """One attachment."""
    options = call.options("$select", "$expand")
    if "$expand" in options:
        raise Unmodelled(f"attachment with $expand={options['$expand']}")
    item, index = _attachment_at(call)
    wanted = {name.strip().lower() for name in options.get("$select", "").split(",") if name.strip()}
    return json_answer(200, resource.attachment(item, index, item.mime.attachments()[index], wanted))


def get_attachment_bytes(call: Call) -> Answer:
    """The bytes of a file, or the MIME of an attached message."""
    item, index = _attachment_at(call)
    part = item.mime.attachments()[index]
    return Answer(200, part.content, {"Content-Type": "text/plain" if part.is_message else part.type})


def _attachment_at(call: Call) -> tuple[Item, int]:
    item = call.item()
    for index, _ in enumerate(item.mime.attachments()):
        if resource.attachment_id(item, index) == call.params["attachment"]:
            return item, index
    raise item_not_found()


def add_attachment(call: Call) -> Answer:
    """A file of less than 3 MB onto a draft."""
    item, data = call.item(), call.json()
    if not item.is_draft:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. attachments of a sent or received message.")
    if len(str(data.get("contentBytes") or "")) * 3 // 4 > MAX_POSTED_ATTACHMENT:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The attachment exceeds the maximum supported size.")
    call.box.replace_content(item, _attached(item.raw, data))
    call.box.touch(item, "updated")
    parts = item.mime.attachments()
    return json_answer(201, resource.attachment(item, len(parts) - 1, parts[-1]))


def _attached(raw: bytes, data: Mapping[str, Any]) -> bytes:
    if data.get("@odata.type") != "#microsoft.graph.fileAttachment":
        raise Unmodelled(f"attachment of type {data.get('@odata.type')}")
    try:
        content = base64.b64decode(str(data.get("contentBytes") or ""), validate=True)
    except binascii.Error as error:
        raise bad_request("Cannot convert the literal to the expected type 'Edm.Binary'.") from error
    content_id = str(data.get("contentId") or "") if data.get("isInline") else ""
    kind = str(data.get("contentType") or "application/octet-stream")
    return exchange.with_attachment(raw, str(data.get("name") or "bijlage"), kind, content, content_id)


def create_upload_session(call: Call) -> Answer:
    """A URL to which the bytes of a large attachment are put."""
    item = call.item()
    plan = call.json().get("AttachmentItem") or call.json().get("attachmentItem") or {}
    size = int(plan.get("size") or 0)
    if plan.get("attachmentType") != "file" or not plan.get("name") or not 0 < size <= MAX_UPLOAD:
        raise bad_request("The attachment item needs attachmentType, name and size.", "ErrorInvalidRequest")
    token = secrets.token_urlsafe(32)
    expires = resource.timestamp(call.office.tenant.now() + timedelta(hours=2))
    content_id = str(plan.get("contentId") or "") if plan.get("isInline") else ""
    kind = str(plan.get("contentType") or "application/octet-stream")
    call.office.uploads[token] = Upload(call.box, item, str(plan["name"]), size, kind, content_id, expires)
    return json_answer(
        201,
        {
            "@odata.context": f"{call.office.url}/v1.0/$metadata#microsoft.graph.uploadSession",
            "uploadUrl": f"{call.office.url}/upload/sessions('{token[:8]}')?authtoken={quote(token)}",
            "expirationDateTime": expires,
            "nextExpectedRanges": ["0-"],
        },
    )


def upload(office: Office, request: Request) -> Answer:
    """Ranges of an upload session: the URL is the key, a bearer token is refused."""
    token = request.options().get("authtoken", "")
    session = office.uploads.get(token)
    if session is None:
        raise GraphError(404, "ErrorItemNotFound", "The upload session was not found.")
    if request.header("Authorization"):
        raise GraphError(401, "InvalidAuthenticationToken", "The upload URL takes no Authorization header.")
    if request.method == "DELETE":
        del office.uploads[token]
        return Answer(204)
    if request.method == "GET":
        return json_answer(200, _progress(session))
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.header("Content-Range").strip())
    if not found:
        raise bad_request("The Content-Range header is missing or malformed.", "ErrorInvalidRequest")
    first, last, total = (int(number) for number in found.groups())
    if len(request.body) > MAX_WRITE:
        raise GraphError(413, "ErrorMessageSizeExceeded", "A range may hold 4 MB at most.")
    if total != session.size or last - first + 1 != len(request.body) or last >= total:
        raise bad_request("The Content-Range header does not fit the session or the body.", "ErrorInvalidRequest")
    if first != len(session.data):
        raise GraphError(416, "ErrorInvalidRequest", "The range is not the next expected one.")
    session.data += request.body
    if len(session.data) < session.size:
        return json_answer(200, _progress(session))
    item = session.item
    raw = exchange.with_attachment(
        item.raw, session.name, session.content_type, bytes(session.data), session.content_id
    )
    session.box.replace_content(item, raw)
    session.box.touch(item, "updated")
    del office.uploads[token]
    made = resource.attachment_id(item, len(item.mime.attachments()) - 1)
    location = f"{office.url}/v1.0/Users('{session.box.address}')/Messages('{item.id}')/Attachments('{made}')"
    return Answer(201, b"", {"Location": location})


def _progress(session: Upload) -> dict[str, Any]:
    return {"ExpirationDateTime": session.expires, "nextExpectedRanges": [str(len(session.data))]}


# categories


def list_categories(call: Call) -> Answer:
    """The master list."""
    return json_answer(200, {"value": call.box.categories})


def create_category(call: Call) -> Answer:
    """A name with one of 25 colours; 409 when the name is there."""
    data = call.json()
    name, colour = str(data.get("displayName") or ""), str(data.get("color") or "none").lower()
    if not name or colour not in CATEGORY_COLOURS:
        raise bad_request("The category needs a displayName and a color from none, preset0 to preset24.")
    if any(known["displayName"].lower() == name.lower() for known in call.box.categories):
        raise GraphError(409, "CategoryAlreadyExists", "A category with this name already exists.")
    made = {"id": secrets.token_hex(16), "displayName": name, "color": colour}
    call.box.categories.append(made)
    return json_answer(201, made)


def forbidden(call: Call) -> Answer:
    """What the app has no permission for: the user itself."""
    raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _paged(call: Call, options: Mapping[str, str], rows: list[Any], write: Callable[[Any], Any]) -> Answer:
    size, skip = call.page_size(options), int(options.get("$skip") or 0)
    page: dict[str, Any] = {"@odata.context": f"{call.office.url}/v1.0/$metadata#{call.request.path}"}
    if options.get("$count", "").lower() == "true":
        page["@odata.count"] = len(rows)
    page["value"] = [write(row) for row in rows[skip : skip + size]]
    if skip + size < len(rows):
        following = {**call.request.options(), "$skip": str(skip + size)}
        page["@odata.nextLink"] = f"{call.link}?{urlencode(following, quote_via=quote, safe='$')}"
    return json_answer(200, page)


_MESSAGE = "/users/{mailbox}/messages/{id}"
_FOLDER = "/users/{mailbox}/mailFolders/{folder}"
ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/users/{mailbox}"): forbidden,
    ("GET", "/users/{mailbox}/mailFolders"): list_folders,
    ("POST", "/users/{mailbox}/mailFolders"): create_folder,
    ("GET", _FOLDER): get_folder,
    ("GET", _FOLDER + "/childFolders"): list_folders,
    ("POST", _FOLDER + "/childFolders"): create_folder,
    ("GET", _FOLDER + "/messages"): list_messages,
    ("POST", _FOLDER + "/messages"): create_message,
    ("GET", _FOLDER + "/messages/delta"): delta,
    ("GET", "/users/{mailbox}/messages"): list_messages,
    ("POST", "/users/{mailbox}/messages"): create_message,
    ("GET", _MESSAGE): get_message,
    ("PATCH", _MESSAGE): update_message,
    ("DELETE", _MESSAGE): delete,
    ("GET", _MESSAGE + "/$value"): get_mime,
    ("POST", _MESSAGE + "/send"): send,
    ("POST", _MESSAGE + "/move"): move,
    ("POST", _MESSAGE + "/copy"): copy,
    ("POST", _MESSAGE + "/permanentDelete"): permanent_delete,
    ("GET", _MESSAGE + "/attachments"): list_attachments,
    ("POST", _MESSAGE + "/attachments"): add_attachment,
    ("POST", _MESSAGE + "/attachments/createUploadSession"): create_upload_session,
    ("GET", _MESSAGE + "/attachments/{attachment}"): get_attachment,
    ("GET", _MESSAGE + "/attachments/{attachment}/$value"): get_attachment_bytes,
    ("GET", "/users/{mailbox}/outlook/masterCategories"): list_categories,
    ("POST", "/users/{mailbox}/outlook/masterCategories"): create_category,
}
"""Method and path to the function that answers; $batch and upload ranges are not among them."""

_BY_SHAPE = [(method, template, template.strip("/").split("/")) for method, template in ROUTES]


def find_route(method: str, path: str) -> tuple[str, dict[str, str], Route | None]:
    """The template of a path below /v1.0, what its names stand for, and the function; None for an unknown route."""
    parts = canonical(path)
    for verb, template, names in _BY_SHAPE:
        if verb == method and len(names) == len(parts) and all(map(_fits, names, parts)):
            params = {name[1:-1]: part for name, part in zip(names, parts, strict=True) if name[0] == "{"}
            return template, params, ROUTES[verb, template]
    return "/" + "/".join(parts), {}, None


def _fits(name: str, part: str) -> bool:
    return (name[0] == "{" and part.lower() not in _RESERVED) or name.lower() == part.lower()


_RESERVED = {"delta", "$value", "$count", "createuploadsession"}


def canonical(path: str) -> list[str]:
    """The segments of a path, decoded: `a('b')` is a, b; a folder below a folder, or a message in one, stands alone."""
    parts: list[str] = []
    for segment in path.strip("/").split("/"):
        plain = unquote(segment)
        call = re.fullmatch(r"(\w+)\((?:'(.*)'|(.+))\)", plain)
        parts += [call[1], call[2] if call[2] is not None else call[3]] if call else [plain]
    lower = [part.lower() for part in parts]
    while len(parts) > 5 and lower[2] == "mailfolders" and lower[4] == "childfolders":
        parts, lower = parts[:3] + parts[5:], lower[:3] + lower[5:]
    in_folder = len(parts) > 5 and lower[2] == "mailfolders" and lower[4] == "messages"
    if in_folder and lower[5] not in _RESERVED:
        parts = parts[:2] + parts[4:]
    return parts
