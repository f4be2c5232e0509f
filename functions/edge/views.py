"""Records as the contract shows them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response

from functions.domain import times
from functions.domain.accounts import GmailAccount, problem

if TYPE_CHECKING:
    from functions.domain.attachments import StoredAttachment
    from functions.domain.keys import ApiKey
    from functions.domain.messages import Address
    from functions.domain.ports import SignedUpload
    from functions.domain.suppressions import Suppression
    from functions.services.pacing import Capacity
    from functions.services.suppressions import Written


def account(found: GmailAccount, *, is_default: bool) -> dict[str, Any]:
    """Never a token."""
    return {
        "id": found.id,
        "email": found.email,
        "name": found.name,
        "status": found.status.value,
        "scopes": list(found.scopes),
        "capabilities": {"send": found.can_send, "read": found.can_read},
        "is_default": is_default,
        "tracking": {"opens": found.track_opens, "clicks": found.track_clicks},
        "daily_limit": found.daily_limit,
        "connected_at": times.text(found.connected_at),
        "last_sent_at": times.text(found.last_sent_at),
        "problem": problem(found),
    }


def account_detail(found: GmailAccount, capacity: "Capacity", *, is_default: bool) -> dict[str, Any]:
    aliases = [
        {"email": a.email, "name": a.name, "is_primary": a.is_primary, "is_default": a.is_default}
        for a in found.aliases
        if a.verified
    ]
    left = {
        "sends_left_this_minute": capacity.sends_left_this_minute,
        "recipients_left_today": capacity.recipients_left_today,
        "quota_units_per_minute": capacity.limits.units_per_minute,
        "recipients_per_day": capacity.limits.recipients_per_day,
        "next_slot": times.text(capacity.next_slot),
        "reason": capacity.reason or None,
    }
    return {**account(found, is_default=is_default), "aliases": aliases, "capacity": left}


def mime(raw: bytes) -> str:
    """Ours is ASCII throughout; what Gmail gives back may have 8-bit bodies, and keeps every byte this way."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def key(found: "ApiKey") -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "scopes": list(found.scopes),
        "accounts": None if found.accounts is None else list(found.accounts),
        "created_at": times.text(found.created_at),
        "last_used_at": times.text(found.last_used_at),
        "expires_at": times.text(found.expires_at),
    }


def attachment(found: "StoredAttachment") -> dict[str, Any]:
    return {
        "id": found.id,
        "status": found.status.value,
        "filename": found.filename,
        "content_type": found.content_type,
        "size": found.size,
        "sha256": found.sha256 or None,
        "created_at": times.text(found.created_at),
        "expires_at": times.text(found.expires_at),
    }


def signed_upload(found: "SignedUpload") -> dict[str, Any]:
    upload = {
        "method": found.method,
        "url": found.url,
        "headers": found.headers,
        "expires_at": times.text(found.expires_at),
    }
    return {"upload": upload}


def download(found: "StoredAttachment", blocks: Iterable[bytes]) -> Response:
    """A file of somebody's, from our own origin: browsers save it, and neither show nor run it, whatever it is."""
    answer = Response(blocks, content_type="application/octet-stream", headers={"Content-Length": str(found.size)})
    answer.headers["Content-Disposition"] = _saved_as(found.filename)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _saved_as(filename: str) -> str:
    """A header has no characters beyond Latin-1, and what stands for them comes second (RFC 6266 §4.3, RFC 8187)."""
    if filename.isascii() and "%" not in filename:  # some browsers decode it
        return dump_options_header("attachment", {"filename": filename})
    plain = "".join(c if c.isascii() and c not in '%"\\' else "_" for c in filename)
    return f"{dump_options_header('attachment', {'filename': plain})}; filename*=UTF-8''{quote(filename, safe='')}"


def suppression(found: "Suppression") -> dict[str, Any]:
    return {
        "id": found.id,
        "address": found.address,
        "reason": found.reasons[0].value,
        "reasons": [reason.value for reason in found.reasons],
        "note": found.note,
        "send": found.send or None,
        "created_at": times.text(found.created_at),
    }


def imported(rows: int, written: "Sequence[Written]") -> dict[str, int]:
    """Rows of one address are one entry."""
    fresh, changed = sum(w.fresh for w in written), sum(w.changed for w in written)
    return {"rows": rows, "added": fresh, "changed": changed, "unchanged": len(written) - fresh - changed}


def address(found: "Address") -> dict[str, str]:
    return {"email": found.email, "name": found.name} if found.name else {"email": found.email}
