"""The peer's time: `off` seconds from this machine's, so that a test's perch has a clock that is wrong."""

import datetime

off = 0


def now():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=off)
