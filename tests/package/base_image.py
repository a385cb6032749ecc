"""A base image without a download: this machine's Debian, but only some of its packages and what they need."""
import os
import re
import subprocess

FIELDS = ["Package", "Essential", "Pre-Depends", "Depends", "Provides"]
# What no package has: it was made when these were installed.
MADE = ["/etc/ssl/certs", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/debian_version"]
LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def _installed():
    """The fields of each installed package by name, and who provides what."""
    text = run("dpkg-query", "-W", "-f", "${db:Status-Status}\t" + "\t".join(f"${{{field}}}" for field in FIELDS) + "\n")
    rows = [line.split("\t") for line in text.splitlines()]
    packages = {row[1]: dict(zip(FIELDS, row[1:])) for row in rows if row[0] == "installed"}
    providers = {}
    for name, fields in packages.items():
        for provided in names_in(fields["Provides"]):
            providers.setdefault(provided[0], name)
    return packages, providers


def names_in(relation):
    """Of "a (>= 1) | b, c:any": [["a", "b"], ["c"]]."""
    return [[re.split(r"[ :(]", one.strip())[0] for one in group.split("|")] for group in relation.split(",") if group.strip()]


def packages_with(wanted):
    """Those and all that they need; raises LookupError for what is not on this machine."""
    packages, providers = _installed()
    todo, found = [[name] for name in [*wanted, *(n for n, f in packages.items() if f["Essential"] == "yes")]], set()
    while todo:
        choices = todo.pop()
        name = next((packages.get(c) and c or providers.get(c) for c in choices if c in packages or c in providers), None)
        if not name:
            raise LookupError(choices[0])
        if name not in found:
            found.add(name)
            todo += names_in(packages[name]["Pre-Depends"]) + names_in(packages[name]["Depends"])
    return found


def _real(path):
    """With /bin, /lib and the like as what they are links to."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _alternatives(files):
    """The links that choose one of several programs, such as awk."""
    for name in os.listdir("/var/lib/dpkg/alternatives"):
        link = f"/etc/alternatives/{name}"
        if os.path.realpath(link) in files:
            with open(f"/var/lib/dpkg/alternatives/{name}") as file:
                yield from (link, file.read().splitlines()[1])


def make(folder, wanted, name):
    """Imports it into the engine as `name`; `folder` is for files that are needed meanwhile."""
    chosen = packages_with(wanted)
    files, root = set(), os.path.join(folder, "root")
    info = "/var/lib/dpkg/info"
    for entry in os.listdir(info):
        package = entry.split(":")[0] if ":" in entry else os.path.splitext(entry)[0]
        if package in chosen:
            files.add(f"{info}/{entry}")
            if entry.endswith(".list"):
                with open(f"{info}/{entry}") as file:
                    files |= {_real(path) for path in file.read().splitlines() if path != "/." and not path.startswith(LEFT_OUT)}
    files |= {_real(path) for path in _alternatives(files)}
    files |= {link for link in ["/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"] if os.path.islink(link)}
    for made in MADE:
        files |= {made} | {os.path.join(at, one) for at, _, names in os.walk(made) for one in names}
    os.makedirs(f"{root}/var/lib/dpkg")
    os.makedirs(f"{root}/etc")
    for kind in ["passwd", "group"]:
        with open(f"/usr/share/base-passwd/{kind}.master") as file, open(f"{root}/etc/{kind}", "w") as copy:
            copy.write(file.read())
    with open("/var/lib/dpkg/status") as file, open(f"{root}/var/lib/dpkg/status", "w") as copy:
        for paragraph in file.read().split("\n\n"):
            if paragraph.split("\n", 1)[0].removeprefix("Package: ") in chosen:
                copy.write(paragraph.strip() + "\n\n")
    listed = "\0".join(sorted(path.lstrip("/") for path in files if os.path.lexists(path)))
    archive = os.path.join(folder, "base.tar")
    subprocess.run(["tar", "-cf", archive, "-C", "/", "--no-recursion", "--null", "-T", "-"], input=listed.encode(), check=True)
    run("tar", "-rf", archive, "-C", root, "etc/passwd", "etc/group", "var/lib/dpkg/status")
    run("docker", "import", archive, name)
    os.unlink(archive)
