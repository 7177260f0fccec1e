"""`make experiments`: runs what is not yet recorded. `python -m experiments [NAME …] [--row TEXT] [--again] [--list]`."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from . import record
from .experiment import Experiment, Job

ORDER = [p.stem for p in sorted(Path(__file__).parent.glob("*.py")) if p.stem not in ("__init__", "__main__", "experiment", "record")]
UNFINISHED = Path("build/experiments")


def load(name: str) -> Experiment | None:
    """The experiment of a module; None for a module that only helps others."""
    return getattr(import_module(f"experiments.{name}"), "EXPERIMENT", None)


def experiments() -> dict[str, Experiment]:
    """All of them, by name."""
    return {name: e for name in ORDER if (e := load(name))}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    known = experiments()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; all if none is given")
    parser.add_argument("--row", help="only rows whose label holds this text")
    parser.add_argument("--again", action="store_true", help="also what is recorded already")
    parser.add_argument("--list", action="store_true", help="only tell what is recorded and what is not")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(known):
        parser.error(f"expected names of {', '.join(known)}, got {', '.join(sorted(unknown))}")
    for name in asked.names or known:
        for label, run in known[name].runs.items():
            if asked.row and asked.row not in label:
                continue
            fresh = record.is_fresh(name, label, run)
            if asked.list or fresh and not asked.again:
                print(f"{name}: {label}: {'recorded' if fresh else 'to be run'}")
                continue
            UNFINISHED.mkdir(parents=True, exist_ok=True)
            file = UNFINISHED / f"{name}-{record.slug(label)}-{record.fingerprint(run)}.pickle"
            job = Job(f"{name}: {label}", file, lambda text: print(text, flush=True))
            print(f"{name}: {label} …", flush=True)
            result = run.function(job, **run.settings)
            record.write(known[name], label, run, result, job.seconds)
            job.done()
            print(f"{name}: {label}: done in {job.seconds:.0f} s", flush=True)
        if not asked.list and not record.is_current(known[name]):
            record.update(known[name])


if __name__ == "__main__":
    main()
