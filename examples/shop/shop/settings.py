"""Everything the shop takes from its environment."""

import os


def database_path() -> str:
    url = os.environ.get("DATABASE_URL", "sqlite:///shop.db")
    prefix = "sqlite:///"
    if not url.startswith(prefix):
        raise SystemExit(f"DATABASE_URL must start with {prefix}, not {url!r}")
    return url[len(prefix):]


def bucket() -> str:
    return os.environ.get("BUCKET_DIR", "bucket")


def address() -> tuple[str, int]:
    return os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))


def branch() -> str:
    return os.environ.get("PERCH_BRANCH", "")


def commit() -> str:
    return os.environ.get("PERCH_COMMIT", "")
