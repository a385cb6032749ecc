"""Brings the database's tables up to date; running it again changes nothing."""

from shop import database, settings


def main() -> None:
    connection = database.connect(settings.database_path())
    applied = database.migrate(connection)
    for name in applied:
        print("applied", name)
    if not applied:
        print("the database is up to date")
    connection.close()


if __name__ == "__main__":
    main()
