"""What a file may be called and of which type it may be, so that it arrives under that name, or is refused."""

import re

from functions.domain.characters import label_problem

FILENAME_LIMIT = 255  # bytes of UTF-8: what file systems take
_TYPE_LIMIT = 127

# "File types blocked in Gmail", https://support.google.com/mail/answer/6590. Compressed ones (.gz, .bz2) are, too.
BLOCKED_EXTENSIONS = frozenset((
    "ade", "adp", "apk", "appx", "appxbundle", "bat", "cab", "chm", "cmd", "com", "cpl", "diagcab", "diagcfg",
    "diagpkg", "dll", "dmg", "ex", "ex_", "exe", "hta", "img", "ins", "iso", "isp", "jar", "jnlp", "js", "jse",
    "lib", "lnk", "mde", "mjs", "msc", "msi", "msix", "msixbundle", "msp", "mst", "nsh", "pif", "ps1", "scr",
    "sct", "shb", "sys", "vb", "vbe", "vbs", "vhd", "vxd", "wsc", "wsf", "wsh", "xll",
))  # fmt: skip
_COMPRESSED = ("gz", "bz2")

# RFC 6838 §4.2 names.
_TYPE = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*)/([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*)"
    r'(?:[ \t]*;[ \t]*[Cc][Hh][Aa][Rr][Ss][Ee][Tt]=("?)([A-Za-z0-9][A-Za-z0-9_.:+-]{0,39})\3)?'
)
_CONTENT_ID = re.compile(r"[A-Za-z0-9_+-]+(?:[.@][A-Za-z0-9_+-]+)*")

# A table of ours: `mimetypes` reads the machine's files, so a laptop and the cloud would send different types.
_TYPES = {
    "7z": "application/x-7z-compressed", "aac": "audio/aac", "avif": "image/avif", "bmp": "image/bmp",
    "bz2": "application/x-bzip2", "css": "text/css", "csv": "text/csv", "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip", "flac": "audio/flac", "gif": "image/gif", "gz": "application/gzip",
    "heic": "image/heic", "htm": "text/html", "html": "text/html", "ico": "image/vnd.microsoft.icon",
    "ics": "text/calendar", "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json",
    "log": "text/plain", "m4a": "audio/mp4", "md": "text/markdown", "mov": "video/quicktime", "mp3": "audio/mpeg",
    "mp4": "video/mp4", "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
    "ogg": "audio/ogg", "p7s": "application/pkcs7-signature", "pdf": "application/pdf", "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rar": "application/vnd.rar", "rtf": "application/rtf", "svg": "image/svg+xml", "tar": "application/x-tar",
    "tif": "image/tiff", "tiff": "image/tiff", "txt": "text/plain", "vcf": "text/vcard", "wav": "audio/wav",
    "webm": "video/webm", "webp": "image/webp", "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
    "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip",
}  # fmt: skip


def filename_problem(name: str) -> str:
    """What is wrong with a file name, or "". A path is refused rather than cut: the caller must mean what arrives."""
    if not name.strip() or name in (".", ".."):
        return "A file name is required."
    if problem := label_problem(name):
        return problem
    if "/" in name or "\\" in name:
        return "A file name must not hold `/` or `\\`: give the name without its path."
    if "=?" in name:
        return "It holds `=?`, which mail readers take for the start of an encoded word."
    if name != name.strip():
        return "A file name must not start or end with white space."
    if (size := len(name.encode())) > FILENAME_LIMIT:
        return f"A file name has at most {FILENAME_LIMIT} bytes as UTF-8; this one has {size}."
    if extension := blocked_extension(name):
        return f"Gmail refuses files that end in .{extension} (support.google.com/mail/answer/6590)."
    return ""


def blocked_extension(name: str) -> str:
    """The extension for which Gmail refuses a file of this name, without its dot; "" if there is none."""
    # Windows drops dots and spaces at the end, so `a.exe.` would be run as `a.exe`.
    extensions = [part.strip() for part in name.lower().rstrip(". ").split(".")[1:]]
    while extensions and extensions[-1] in _COMPRESSED:
        extensions.pop()
    return extensions[-1] if extensions and extensions[-1] in BLOCKED_EXTENSIONS else ""


def content_type_problem(content_type: str) -> str:
    """What is wrong with `type/subtype`, with at most a charset behind it, or ""."""
    match = _TYPE.fullmatch(content_type)
    if not match or len(content_type) > _TYPE_LIMIT:
        return "This must be `type/subtype`, such as application/pdf, with no parameter but `charset`."
    if match[1].lower() in ("message", "multipart"):
        # Readers would parse the file as a part of the message; RFC 2046 §5.2.1 also forbids to base64-encode those.
        return "Types message/* and multipart/* can't be attached; use application/octet-stream."
    return ""


def guess_content_type(filename: str) -> str:
    """The type that the name's extension stands for, or application/octet-stream."""
    return _TYPES.get(filename.lower().rpartition(".")[2], "application/octet-stream")


def content_id_problem(content_id: str) -> str:
    """What is wrong with the token that `cid:` links in the html name, or ""."""
    if len(content_id) > 100 or not _CONTENT_ID.fullmatch(content_id) or content_id.count("@") > 1:
        return "This must be 1 to 100 of: letters, digits, `_ + - . @`, as in `cid:logo`, without `<` and `>`."
    return ""
