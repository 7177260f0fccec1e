"""`make publish TO=...`: build the book if it is out of date, check it, and mirror it to a static host.

TO is a folder, a place that rsync reaches (`user@host:folder`), or a branch of a git repository (`address#branch`).
What an earlier publication has left there and the book no longer has is deleted. A place that holds anything else is
refused: a publication is known by its marker file.
"""

import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
SOURCES = ["chapters", "exercises", "solutions", "book", "rnncore", "_config.yml", "_toc.yml", "references.bib"]
MADE = {"__pycache__", "node_modules", "vendor", ".ipynb_checkpoints"}  # below SOURCES, but written by a build or an editor
MARKER = ".rnn-unrolled"
MARKER_TEXT = "Written by `make publish`. The next publication deletes here whatever is not part of the book.\n"
KEPT = {".git", ".well-known", ".htaccess", "CNAME", ".domains", "_headers", "_redirects"}  # settings of hosts, not of the book
USAGE = "TO=../site (a folder), TO=user@host:folder (by rsync) or TO=git@host:me/book.git#gh-pages (a branch)"


class Refusal(Exception):
    """What the user has to know; shown without a traceback."""


def is_current(site: Path = SITE, root: Path = ROOT) -> bool:
    """Whether the site was built after the last change to what it is made of."""
    last = site / "searchindex.js"
    tops = [root / name for name in SOURCES]
    files = [f for top in tops for f in ([top] if top.is_file() else top.rglob("*")) if not MADE & set(f.relative_to(root).parts)]
    if os.environ.get("LIVE", "1") != "0" and not (site / "lite").is_dir():
        return False  # it was built without the Python of the page, which is wanted now
    return last.exists() and last.stat().st_mtime >= max((f.stat().st_mtime for f in files if f.is_file()), default=0.0)


# --- The site, looked at before it goes out ---------------------------------------------------------------------------

ABSOLUTE = re.compile(rb"""<[a-z][^<>]*?\s(?:href|src|srcset|action|poster|data|content="\d+;\s*url)\s*=\s*["']?(/[^"'\s>]*)""", re.I)
ABSOLUTE_IN_STYLE = re.compile(rb"""(?:url\(\s*|@import\s+)["']?(/[^"')\s;]*)""")


def texts(path: Path):
    """What a file holds; of wheels and other archives each part, for packed text hides from a search."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def problems(site: Path) -> list[str]:
    """Why this site would not work at an address with a path, or would tell whose machine it comes from."""
    if not site.is_dir():
        return [f"there is no folder {site}"]
    found = [f"{name} is missing" for name in ("index.html", "searchindex.js", ".nojekyll") if not (site / name).is_file()]
    places = [str(ROOT), str(Path.home())]
    machine = [place.encode() for place in places if len(Path(place).parts) > 2]  # a mere "/root" says nothing and occurs in texts
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.is_symlink():
            found.append(f"{name} is a link")
        elif path.is_file():
            pattern = {".html": ABSOLUTE, ".css": ABSOLUTE_IN_STYLE}.get(path.suffix)
            leaving = sorted(set(pattern.findall(path.read_bytes()))) if pattern else []
            found += [f"{name} refers to {match.decode()}, which leaves the book" for match in leaving]
            told = {place for text in texts(path) for place in machine if place in text}
            found += [f"{name} names a folder of this machine: {place.decode()}" for place in sorted(told)]
    return found


# --- Places -----------------------------------------------------------------------------------------------------------


def refuse_foreign(names: set[str], where: str) -> None:
    foreign = sorted(names - KEPT - {MARKER})
    if foreign and MARKER not in names:
        some = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise Refusal(f"{where} holds something that this command did not write ({some}). Nothing was changed. Name an empty place.")


def run(*command: str, **options) -> subprocess.CompletedProcess:
    if shutil.which(command[0]) is None:
        raise Refusal(f"{command[0]} is not installed, and this kind of place needs it.")
    return subprocess.run(command, capture_output=True, text=True, **options)


def must(done: subprocess.CompletedProcess) -> str:
    if done.returncode:
        raise Refusal(f"{done.args[0]} ended with status {done.returncode}:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


def make_way(target: Path, name: Path) -> None:
    """No link and no file may stand where a folder has to be, nor the other way round."""
    for path in [target / parent for parent in list(name.parents)[-2::-1]]:
        if path.is_symlink() or path.is_file():
            path.unlink()
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    if (target / name).is_symlink():
        (target / name).unlink()
    elif (target / name).is_dir():
        shutil.rmtree(target / name)


def to_folder(stage: Path, target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise Refusal(f"{target} is a file; a folder is needed.")
    target = target.resolve()
    if target in (SITE, *SITE.parents) or target.is_relative_to(SITE):
        raise Refusal(f"{target} is where the book is built, or holds it. Name another folder.")
    refuse_foreign({path.name for path in target.iterdir()} if target.exists() else set(), str(target))
    wanted = {path.relative_to(stage) for path in stage.rglob("*") if path.is_file()}
    # The marker first: after an interruption the next publication still knows the folder. Pages last: what they load is there.
    for name in sorted(wanted, key=lambda name: (name != Path(MARKER), name.suffix == ".html", name)):
        make_way(target, name)
        if not (target / name).is_file() or not filecmp.cmp(stage / name, target / name, shallow=False):
            shutil.copyfile(stage / name, target / name)  # an unchanged file keeps its date, and browsers their copy
    for path in sorted(target.rglob("*"), reverse=True):
        name = path.relative_to(target)
        if name.parts[0] in KEPT or name in wanted:
            continue
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()


def to_rsync(stage: Path, target: str) -> None:
    target = target if target.endswith((":", "/")) else f"{target}/"
    listing = run("rsync", "--list-only", "--", target)
    if listing.returncode == 23 and "(2)" in listing.stderr:  # no such folder yet
        names = set()
    else:
        lines = [line.split(maxsplit=4) for line in must(listing).splitlines()]  # mode, size, date, time, name
        names = {line[4].split(" -> ")[0] for line in lines if len(line) == 5} - {"."}
    refuse_foreign(names, target)
    modes = "--chmod=D755,F644"  # the web server runs under another account
    must(run("rsync", modes, "--", str(stage / MARKER), target))
    # By content, not by date: an unchanged file keeps its date on the host, and browsers their copy. New files appear together.
    kept = [f"--filter=protect /{name}" for name in sorted(KEPT)]
    must(run("rsync", "--recursive", "--checksum", "--delete-after", "--delay-updates", modes, *kept, "--", f"{stage}/", target))


def to_branch(stage: Path, address: str, branch: str) -> None:
    """One commit without history takes the branch's place, unless somebody else has moved it meanwhile."""
    reference = f"refs/heads/{branch}"
    if Path(address).expanduser().exists():
        address = str(Path(address).expanduser().resolve())
    old = must(run("git", "ls-remote", "--", address, reference)).split("\t")[0].strip()

    def git(*arguments: str) -> str:
        return must(run("git", "-c", "core.autocrlf=false", *arguments, cwd=stage))

    git("init", "--quiet")
    if old:
        git("fetch", "--quiet", "--depth=1", "--", address, reference)
        names = set(git("ls-tree", "--name-only", "FETCH_HEAD").splitlines())
        refuse_foreign(names, f"The branch {branch}")
        for name in sorted(names & KEPT):
            git("checkout", "FETCH_HEAD", "--", name)
    git("add", "--all", "--force")
    git("commit", "--quiet", "--message", "The book, built")
    git("push", "--quiet", f"--force-with-lease={reference}:{old}", "--", address, f"HEAD:{reference}")


# --- The command ------------------------------------------------------------------------------------------------------


def place(to: str):
    """What takes a staged site to `to`. Raises Refusal at once if `to` is none of the three kinds of place."""
    to = to.strip()
    if not to:
        raise Refusal(f"Where to? {USAGE}")
    if to.startswith("-"):
        raise Refusal(f"{to} is no place. {USAGE}")
    if "#" in to:
        address, branch = to.rsplit("#", 1)
        if not address or not branch:
            raise Refusal(f"A repository and a branch are needed: {USAGE}")
        return lambda stage: to_branch(stage, address, branch)
    if to.startswith("rsync://") or re.match(r"[^/:]{2,}:(?!//)", to):
        if to.endswith(".git"):
            raise Refusal(f"{to} looks like a git repository; add the branch: TO={to}#gh-pages")
        return lambda stage: to_rsync(stage, to)
    if "://" in to:
        raise Refusal(f"{to} is an address without a branch. {USAGE}")
    return lambda stage: to_folder(stage, Path(to).expanduser())


def publish(site: Path, to: str) -> None:
    """Check `site` and mirror it to `to`. Raises Refusal if anything is not as it has to be; then nothing was changed."""
    send = place(to)
    found = problems(site)
    if found:
        raise Refusal("The site is not fit to be published:\n" + "\n".join(f"- {line}" for line in found))
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder) / "site"
        shutil.copytree(site, stage)
        (stage / MARKER).write_text(MARKER_TEXT)
        send(stage)


def main(to: str) -> None:
    try:
        place(to)  # a slip of the pen is told before minutes of building
        if not is_current():
            subprocess.run(["make", "book"], cwd=ROOT, check=True)
        publish(SITE, to)
    except Refusal as refusal:
        sys.exit(f"make publish: {refusal}")
    except OSError as error:
        sys.exit(f"make publish: {error.strerror}: {error.filename}")
    except subprocess.CalledProcessError:
        sys.exit("make publish: the book could not be built; nothing was published.")
    files = [path for path in SITE.rglob("*") if path.is_file()]
    print(f"Published {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB, to {to}")


if __name__ == "__main__":
    main(os.environ.get("TO", "") if len(sys.argv) < 2 else sys.argv[1])
