"""Where a person may be sent back to: no open redirects (RFC 9700 §4.11)."""

from urllib.parse import unquote_plus, urlencode, urlsplit


def allowed(url: str, entries: tuple[str, ...]) -> bool:
    """Same scheme, host and port as an entry, and its path; an entry that ends in a slash allows all below it."""
    target = _parts(url)
    if target is None:
        return False
    for entry in entries:
        permitted = _parts(entry)
        if permitted is None or permitted[:3] != target[:3]:
            continue
        path = permitted[3]
        if target[3] == path or (path.endswith("/") and target[3].startswith(path)):
            return True
    return False


def with_query(url: str, **added: str) -> str:
    """`url` with these parameters added to its query, in the place of those of the same name. The others stay as they
    are, to the letter: what they mean is the frontend's business."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in added]
    return parts._replace(query="&".join([*kept, urlencode(added)])).geturl()


def _parts(url: str) -> tuple[str, str, int | None, str] | None:
    """(scheme, host, port, path), or None for what a browser and Python might read differently."""
    if any(c <= " " or c == "\\" or c > "~" for c in url) or len(url) > 2000:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    path = parts.path or "/"
    if any(segment in (".", "..") for segment in path.replace("%2e", ".").replace("%2E", ".").split("/")):
        return None
    return parts.scheme, parts.hostname, port, path
