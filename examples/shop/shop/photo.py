"""The photo of the day: one picture from a visitor, kept in the bucket."""

import os

LIMIT = 2 << 20  # bytes

# The first bytes decide; a name or a header from a browser proves nothing.
KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


class NotAPhoto(Exception):
    pass


def kind_of(content: bytes) -> str | None:
    return next((kind for start, kind in KINDS.items() if content.startswith(start)), None)


def save(bucket: str, content: bytes) -> None:
    if kind_of(content) is None:
        raise NotAPhoto("a photo is a PNG, JPEG or GIF picture")
    os.makedirs(bucket, exist_ok=True)
    path = os.path.join(bucket, "photo-of-the-day")
    with open(path + ".new", "wb") as file:
        file.write(content)
    os.replace(path + ".new", path)


def load(bucket: str) -> tuple[bytes, str] | None:
    try:
        with open(os.path.join(bucket, "photo-of-the-day"), "rb") as file:
            content = file.read(LIMIT)
    except FileNotFoundError:
        return None
    kind = kind_of(content)
    return (content, kind) if kind else None
