"""Copy the parts of the npm packages that the rendered book serves itself into book/vendor/."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
# The combined component that Sphinx loads, and what it fetches on demand: fonts, TeX extensions, speech, the SVG renderer.
MATHJAX = ["tex-mml-chtml.js", "a11y", "input", "output", "sre", "ui"]


def main() -> None:
    source, target = HERE / "node_modules" / "mathjax", HERE / "vendor" / "mathjax"
    shutil.rmtree(HERE / "vendor", ignore_errors=True)
    target.mkdir(parents=True)
    for name in MATHJAX:
        part = source / "es5" / name
        (shutil.copytree if part.is_dir() else shutil.copy)(part, target / name)
    shutil.copy(source / "LICENSE", target / "LICENSE")


if __name__ == "__main__":
    main()
