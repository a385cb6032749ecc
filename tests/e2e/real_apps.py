#!/usr/bin/env python3
"""A Django project as Django makes it, run by examples/django: log-in, migrations, data, deletion. real_apps.py PERCH_BINARY"""

import http.client
import http.cookies
import pathlib
import subprocess
import sys
import urllib.parse

from world import World

PYTHON = "/usr/bin/python3"
EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "django"

MODELS = """\
from django.db import models

class Note(models.Model):
    title = models.CharField(max_length=80)

    def __str__(self):
        return self.title
"""

ADMIN = """\
from django.contrib import admin
from .models import Note

admin.site.register(Note)
"""

TESTS = """\
from django.test import TestCase
from .models import Note

class NoteTest(TestCase):
    def test_a_note_is_called_by_its_title(self):
        self.assertEqual(str(Note.objects.create(title='Milk')), 'Milk')
"""

SEEN = """

from django.http import HttpResponse
urlpatterns.append(path('seen', lambda request: HttpResponse(
    f"{request.build_absolute_uri()} {request.META['HTTP_X_FORWARDED_FOR']}")))
"""

COLOUR = """\
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [('notes', '0001_initial')]
    operations = [migrations.AddField('note', 'colour', models.CharField(max_length=20, default='plain'))]
"""


def django(world, *args):
    subprocess.run([PYTHON, "-B", *args], cwd=world.work, env=world.env, check=True, capture_output=True)


def append(path, text):
    path.write_text(path.read_text() + text)


def make_project(world):
    """The project on main, then a new look, a migration and a failing test on branches."""
    (world.work / "app.py").unlink()
    django(world, "-m", "django", "startproject", "site_admin", ".")
    django(world, "manage.py", "startapp", "notes")
    for name, text in (("models", MODELS), ("admin", ADMIN), ("tests", TESTS)):
        (world.work / "notes" / f"{name}.py").write_text(text)
    append(world.work / "site_admin" / "settings.py", "\nINSTALLED_APPS.append('notes')\n")
    append(world.work / "site_admin" / "urls.py", SEEN)
    (world.work / "preview.py").write_text((EXAMPLE / "preview.py").read_text())
    django(world, "manage.py", "makemigrations", "notes")
    world.git("add", "-A")
    world.git("commit", "-qm", "A project")
    world.git("push", "-q", "origin", "main")
    urls = (world.work / "site_admin" / "urls.py").read_text()
    world.push("feature/new-name", "1", files={"site_admin/urls.py": urls + "admin.site.site_header = 'The Grand Notebook'\n"})
    world.push("feature/colour", "1", files=colour("['title', 'colour']"))
    world.push("fix/title", "1", files={"notes/tests.py": TESTS.replace("'Milk')\n", "'Oat milk')\n")})


def colour(columns):
    return {"notes/models.py": MODELS.replace("\n\n    def", "\n    colour = models.CharField(max_length=20, default='plain')\n\n    def"),
            "notes/migrations/0002_colour.py": COLOUR,
            "notes/admin.py": ADMIN.replace("(Note)", f"(Note, list_display={columns})")}


class Visitor:
    """A browser as far as Django's log-in needs one: cookies, a form, its Origin."""

    def __init__(self, world, slug):
        self.host = f"{slug}.localhost:{world.port}"
        self.port = world.port
        self.cookies = http.cookies.SimpleCookie()

    def ask(self, method, path, form=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": self.host, "Origin": f"http://{self.host}", "Referer": f"http://{self.host}{path}",
                   "Cookie": "; ".join(f"{name}={c.value}" for name, c in self.cookies.items()), **(headers or {})}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urllib.parse.urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(line)
        connection.close()
        return answer.status, body

    def post(self, path, **form):
        return self.ask("POST", path, {"csrfmiddlewaretoken": self.cookies["csrftoken"].value, **form})

    def log_in(self):
        assert self.ask("GET", "/admin/login/")[0] == 200
        status, body = self.post("/admin/login/?next=/admin/", username="ada", password="show-me-the-branch")
        assert status == 302, (status, body)
        return self


def each_branch_is_ready_or_says_why_not(world):
    def settled():
        views = world.environments()
        return len(views) == 4 and all(view["state"] in ("ready", "failed") for view in views.values())
    world.wait(settled, "all four branches have settled", 300)
    assert {name: view["state"] for name, view in world.environments().items()} == {
        "main": "ready", "feature/new-name": "ready", "feature/colour": "ready", "fix/title": "failed"}, world.environments()
    status, page = world.get("fix-title")
    assert status in (502, 503) and "Oat milk" in page, (status, page)


def a_person_logs_in_and_sees_the_branch(world):
    assert "Django administration" in Visitor(world, "main").log_in().ask("GET", "/admin/")[1]
    assert "The Grand Notebook" in Visitor(world, "feature-new-name").log_in().ask("GET", "/admin/")[1]


def a_form_without_its_token_is_refused(world):
    assert Visitor(world, "main").ask("POST", "/admin/login/", {"username": "ada"})[0] == 403


def the_app_sees_the_address_that_the_visitor_sees(world):
    visitor = Visitor(world, "main")
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-For": "192.0.2.1"}
    assert visitor.ask("GET", "/seen", headers=forged) == (200, f"http://{visitor.host}/seen 127.0.0.1")


def a_migration_is_the_branch_s_own_and_data_stay_over_a_push(world):
    visitor = Visitor(world, "feature-colour").log_in()
    assert visitor.post("/admin/notes/note/add/", title="Eggs", colour="red")[0] == 302
    world.push("feature/colour", "2", files=colour("['colour', 'title']"))
    commit = world.heads()["feature/colour"]
    world.wait(lambda: world.environments()["feature/colour"]["serving_commit"] == commit, "the second push serves", 120)
    page = visitor.ask("GET", "/admin/notes/note/")[1]
    assert 'field-title">Eggs<' in page, page  # only a column after the first is text without a link
    elsewhere = Visitor(world, "main").log_in()
    assert elsewhere.post("/admin/notes/note/add/", title="Bread")[0] == 302
    page = elsewhere.ask("GET", "/admin/notes/note/")[1]
    assert "Bread" in page and "Eggs" not in page and "olour" not in page, page


def a_deleted_branch_takes_its_data_along(world):
    for branch in ("feature/colour", "fix/title"):
        world.delete(branch)
    world.wait(lambda: world.folders() == ["feature-new-name", "main"], "the folders go")
    assert world.get("feature-colour", "/admin/")[0] in (404, 410)


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import django"], capture_output=True).returncode != 0:
        print("skipped: /usr/bin/python3 has no Django (Debian's package python3-django)")
        sys.exit(77)
    config = (EXAMPLE / "perch.yaml").read_text().replace("{", "{{").replace("}", "}}").replace("\nenv:\n", "\nenv:\n  E2E_MARK: {mark}\n")
    with World(sys.argv[1], config=config) as world:
        make_project(world)
        world.start()
        world.wait_for_serve()
        for function in (each_branch_is_ready_or_says_why_not, a_person_logs_in_and_sees_the_branch, a_form_without_its_token_is_refused,
                         the_app_sees_the_address_that_the_visitor_sees, a_migration_is_the_branch_s_own_and_data_stay_over_a_push,
                         a_deleted_branch_takes_its_data_along):
            print(function.__name__.replace("_", " "), flush=True)
            function(world)
