"""The connection, and migrations: numbered SQL files, each applied once, in order."""

import pathlib
import sqlite3

MIGRATIONS = pathlib.Path(__file__).parent.parent / "migrations"


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Applies what is missing; returns the names of what it applied."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    done = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
    applied = []
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if file.name in done:
            continue
        # One transaction for the change and its mark: a crash leaves both or none.
        connection.executescript(
            f"BEGIN;\n{file.read_text()}\nINSERT INTO migrations VALUES ('{file.name}');\nCOMMIT;"
        )
        applied.append(file.name)
    return applied
