"""The project's settings with what a branch's environment says."""

import os

from site_admin.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_URL", "sqlite:///preview.sqlite3").removeprefix("sqlite:///"),
        "OPTIONS": {"timeout": 20},
    }
}

# The gateway passes the visitor's own Host, and sets X-Forwarded-Proto itself: what a visitor sends there is dropped.
ALLOWED_HOSTS = [os.environ.get("PERCH_URL", "http://localhost").split("://")[1].split("/")[0].split(":")[0]]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
