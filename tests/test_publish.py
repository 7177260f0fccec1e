"""`make publish`: what goes out is the site, what has gone disappears, and nothing that others wrote is touched."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import pytest

from book import publish
from book.publish import MARKER, ROOT, Refusal

PAGE = '<link rel="stylesheet" href="../_static/book.css"><p>Read <a href="../index.html">on</a></p>'


@pytest.fixture
def small(tmp_path) -> Path:
    """A site as small as one can be."""
    site = tmp_path / "built"
    for name, text in {
        "index.html": '<meta http-equiv="Refresh" content="0; url=chapters/one.html" />',
        "chapters/one.html": PAGE,
        "chapters/two.html": PAGE,
        "_static/book.css": "body { background: url(paper.svg) }",
        "_static/old/gone.js": "1",
        "searchindex.js": "{}",
        ".nojekyll": "",
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    return site


def content(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def published(site: Path) -> dict[str, bytes]:
    return content(site) | {MARKER: publish.MARKER_TEXT.encode()}


def git(*arguments, cwd) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout


class Place:
    """A kind of place, seen from outside: its name for `make publish`, a way to put a file there, a way to read all."""

    def __init__(self, kind: str, base: Path):
        self.kind, self.base, self.folder = kind, base, base / "host" / "a" / "book"
        self.folder.parent.mkdir(parents=True)
        self.to = {"folder": str(self.folder), "rsync": f"some.host:{self.folder}", "branch": f"{base / 'repository.git'}#pages"}[kind]
        if kind == "branch":
            git("init", "--quiet", "--bare", "repository.git", cwd=base)

    def put(self, name: str, text: str) -> None:
        if self.kind != "branch":
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
            return
        work = self.base / "work"
        shutil.rmtree(work, ignore_errors=True)
        git("clone", "--quiet", str(self.base / "repository.git"), str(work), cwd=self.base)
        exists = git("branch", "--remotes", cwd=work).strip()
        git("checkout", "--quiet", *(["pages"] if exists else ["--orphan", "pages"]), cwd=work)
        (work / name).write_text(text)
        git("add", "--all", "--force", cwd=work)
        git("commit", "--quiet", "--message", "by hand", cwd=work)
        git("push", "--quiet", "origin", "pages", cwd=work)

    def content(self) -> dict[str, bytes]:
        if self.kind != "branch":
            return content(self.folder)
        seen = self.base / "seen"
        shutil.rmtree(seen, ignore_errors=True)
        git("clone", "--quiet", "--branch", "pages", str(self.base / "repository.git"), str(seen), cwd=self.base)
        return content(seen)


@pytest.fixture(params=["folder", "rsync", "branch"])
def place(request, tmp_path, monkeypatch) -> Place:
    if request.param == "rsync" and shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")  # .ci/run sees to it that it is
    # In place of ssh: the far end of rsync runs here, so both halves of its protocol are at work, without a network.
    far = tmp_path / "far"
    far.write_text('#!/bin/sh\nwhile [ "$1" != rsync ]; do shift; done\nexec "$@"\n')
    far.chmod(0o755)
    monkeypatch.setenv("RSYNC_RSH", str(far))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Reader")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "reader@example.org")
    return Place(request.param, tmp_path)


def test_a_publication_is_the_site_and_the_marker(small, place):
    publish.publish(small, place.to)
    assert place.content() == published(small)


def test_the_next_publication_changes_and_removes(small, place):
    publish.publish(small, place.to)
    shutil.rmtree(small / "_static" / "old")
    (small / "chapters" / "two.html").unlink()
    (small / "chapters" / "one.html").write_text(PAGE + "new")
    (small / "searchindex.js").write_text("[]")  # as long as before and of the same date: only the content tells
    for folder in {small, place.folder if place.kind != "branch" else small}:
        os.utime(folder / "searchindex.js", (1, 1))
    publish.publish(small, place.to)
    assert place.content() == published(small)
    assert place.kind == "branch" or not (place.folder / "_static" / "old").exists()


def test_what_others_wrote_is_refused_and_left_as_it_is(small, place):
    place.put("thesis.tex", "three years of work")
    with pytest.raises(Refusal, match=r"did not write \(thesis\.tex\)"):
        publish.publish(small, place.to)
    assert place.content() == {"thesis.tex": b"three years of work"}


def test_settings_of_the_host_stay(small, place):
    place.put("CNAME", "book.example.org")
    for _ in range(2):
        publish.publish(small, place.to)
        assert place.content() == published(small) | {"CNAME": b"book.example.org"}


@pytest.mark.parametrize("place", ["folder", "rsync"], indirect=True)  # git keeps no dates
def test_unchanged_files_keep_their_date(small, place):
    publish.publish(small, place.to)
    os.utime(place.folder / "chapters" / "two.html", (1, 1))
    os.utime(place.folder / "chapters" / "one.html", (1, 1))
    (small / "chapters" / "one.html").write_text(PAGE + "new")
    publish.publish(small, place.to)
    assert (place.folder / "chapters" / "two.html").stat().st_mtime == 1
    assert (place.folder / "chapters" / "one.html").stat().st_mtime > 1


def test_a_folder_may_take_a_files_place_and_the_other_way_round(small, place):
    publish.publish(small, place.to)
    shutil.rmtree(small / "_static")
    (small / "_static").write_text("now a file")
    (small / "chapters" / "two.html").unlink()
    (small / "chapters" / "two.html").mkdir()
    (small / "chapters" / "two.html" / "part.html").write_text("now a folder")
    publish.publish(small, place.to)
    assert place.content() == published(small)


def test_links_in_the_target_are_not_followed(small, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "one.html").write_text("somebody's")
    target = tmp_path / "target"
    publish.publish(small, str(target))
    shutil.rmtree(target / "chapters")
    (target / "chapters").symlink_to(elsewhere)
    publish.publish(small, str(target))
    assert content(elsewhere) == {"one.html": b"somebody's"}
    assert content(target) == published(small)


@pytest.mark.parametrize("place", ["branch"], indirect=True)
def test_a_branch_that_moved_meanwhile_is_not_overwritten(small, place, monkeypatch):
    publish.publish(small, place.to)
    run = publish.run

    def slow(*command, **options):
        if "push" in command:
            place.put("index.html", "somebody was faster")
        return run(*command, **options)

    monkeypatch.setattr(publish, "run", slow)
    with pytest.raises(Refusal, match="git ended with status"):
        publish.publish(small, place.to)
    assert place.content()["index.html"] == b"somebody was faster"


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("", "Where to"),
        ("  ", "Where to"),
        ("-rf", "no place"),
        ("https://example.org/book", "address without a branch"),
        ("git@example.org:me/book.git", "add the branch"),
        ("#pages", "a branch are needed"),
        ("{tmp}/nothing.git#pages", "git ended with status"),
        ("{tmp}/built/index.html", "is a file"),
        ("{root}", "where the book is built, or holds it"),
        ("{root}/_build/html/copy", "where the book is built, or holds it"),
    ],
)
def test_bad_places_get_a_clear_answer(small, tmp_path, to, message):
    before = content(tmp_path)
    with pytest.raises(Refusal, match=message):
        publish.publish(small, to.format(tmp=tmp_path, root=ROOT))
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("chapters/one.html", '<a class="x" href="/index.html">on</a>', "refers to /index.html"),
        ("chapters/one.html", "<img alt='' src=/_images/a.png>", "refers to /_images/a.png"),
        ("index.html", '<meta http-equiv="Refresh" content="0; url=/chapters/one.html" />', "refers to /chapters/one.html"),
        ("chapters/one.html", '<script src="//cdn.example.org/x.js"></script>', "refers to //cdn.example.org/x.js"),
        ("_static/book.css", "@import '/other.css';", "refers to /other.css"),
        ("_static/book.css", 'p { background: url("/paper.svg") }', "refers to /paper.svg"),
        ("_static/data.bin", f"made in {ROOT}/build", "names a folder of this machine"),
    ],
)
def test_a_site_that_would_break_elsewhere_is_refused(small, tmp_path, monkeypatch, name, text, problem):
    (small / name).write_text(text)
    with pytest.raises(Refusal, match=re.escape(problem)):
        publish.publish(small, str(tmp_path / "target"))
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("name", ["index.html", "searchindex.js", ".nojekyll"])
def test_an_incomplete_site_has_a_problem(small, name):
    (small / name).unlink()
    assert publish.problems(small) == [f"{name} is missing"]


def test_the_home_folder_is_looked_for(small, monkeypatch):
    monkeypatch.setenv("HOME", "/home/reader")
    (small / "chapters" / "one.html").write_text("<p>/home/reader/notes</p>")
    assert publish.problems(small) == ["chapters/one.html names a folder of this machine: /home/reader"]


def test_wheels_are_looked_into(small):
    with zipfile.ZipFile(small / "_static" / "rnncore.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("rnncore/text.pyc", f"{ROOT}/rnncore/text.py" * 9)
    assert str(ROOT).encode() not in (small / "_static" / "rnncore.whl").read_bytes()
    assert publish.problems(small) == [f"_static/rnncore.whl names a folder of this machine: {ROOT}"]


def test_a_book_older_than_its_sources_is_not_current(tmp_path, monkeypatch):
    root = tmp_path / "vendor"  # a name that is left out below the root must not hide the root itself
    source, other, last = root / "chapters" / "one.md", root / "book" / "vendor" / "math.js", root / "site" / "searchindex.js"
    for when, path in enumerate((source, last, other), start=1000):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (when, when))
    monkeypatch.setenv("LIVE", "1")
    assert not publish.is_current(last.parent, root), "it lacks the Python of the page"
    monkeypatch.setenv("LIVE", "0")
    assert publish.is_current(last.parent, root)
    (last.parent / "lite").mkdir()
    monkeypatch.setenv("LIVE", "1")
    assert publish.is_current(last.parent, root)
    os.utime(source, (2000, 2000))
    assert not publish.is_current(last.parent, root)
    assert not publish.is_current(root / "nowhere", root)


@pytest.mark.parametrize(("to", "message"), [("", "Where to? TO="), ("https://example.org/book", "https://example.org/book is an address")])
def test_the_command_explains_before_it_builds(tmp_path, to, message):
    (tmp_path / "make").write_text("#!/bin/sh\necho built >&2\n")
    (tmp_path / "make").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TO": to}
    code = "from book import publish; publish.is_current = lambda: False; publish.main(__import__('os').environ['TO'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"make publish: {message}") and "Traceback" not in done.stderr and "built" not in done.stderr


def test_the_book_works_below_any_path(site, tmp_path):
    """The built book, published, and all that its pages name fetched from an address with two folders before it."""
    publish.publish(site, str(tmp_path / "people" / "someone" / "book"))
    assert content(tmp_path / "people" / "someone" / "book") == published(site)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "people"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_address[1]}/someone/book/"
    try:
        with urllib.request.urlopen(home) as answer:
            start = urljoin(home, re.search(r'url=([^"]+)"', answer.read().decode())[1])
        names = set()
        for page in (start, home + "chapters/02_unfolding.html", home + "search.html"):
            with urllib.request.urlopen(page) as answer:
                text = answer.read().decode()
            names |= {urljoin(page, name) for name in re.findall(r'<(?:script|link|img|a)\b[^>]*?\s(?:src|href)="([^"#]+)', text)}
        own = sorted(name for name in names if name.startswith("http://127.0.0.1"))
        assert len(own) > 30 and [name for name in own if not name.startswith(home)] == []
        missing = []
        for name in own:
            try:
                urllib.request.urlopen(urllib.request.Request(name, method="HEAD")).close()
            except urllib.error.HTTPError as error:
                missing.append((name, error.code))
                error.close()
        assert missing == []
    finally:
        server.shutdown()
        server.server_close()
