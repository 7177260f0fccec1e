"""The rule for alt texts: say in words what is to be seen, to somebody who does not see it."""

import re
from collections.abc import Iterable

KIND = (
    "plot|figure|fig|graph|graphic|image|img|picture|chart|diagram|photo|photograph|illustration|drawing|screenshot|output|"
    "visuali[sz]ation"
)
# A text without any of these names what was drawn (axes, data) and leaves out what it looks like.
SAYS = (
    "is|are|has|have|was|were|rises?|falls?|starts?|begins?|ends?|stays?|lies|lie|leads?|joins?|joined|reach(?:es)?|drops?|grows?|shrinks?|keeps?|holds?|"
    "carry|carries|reads?|runs?|appears?|differs?|passes|crosses|leaves?|returns?|enters?|points?|peaks?|flattens?|sharpens?|varies|vary|comes?|goes|go|"
    "rising|falling|growing|shrinking|overlapping|leading|crossing|"
    "stands?|touch(?:es)?|follows?|climbs?|levels?|oscillates?|bends?|fades?|repeats?|fills?|splits?|meets?|slides?|shows?|marks?|marked|shaded|framed"
)
FEWEST, MOST = 12, 100  # words


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def faults(alt: str, caption: str = "", others: Iterable[str] = ()) -> list[str]:
    """What is wrong with an alt text, given the figure's caption and the alt texts of other figures; empty if nothing is."""
    words, found = alt.split(), []
    own, given = plain(alt), plain(caption)

    def check(wrong, fault):
        if wrong:
            found.append(fault)

    check(len(words) < FEWEST, f"{len(words)} words: say what is to be seen, in {FEWEST} or more")
    check(len(words) > MOST, f"{len(words)} words: more than {MOST} belong into the text")
    kind_first = re.match(rf"(?:(?:an?|the|this|these)\s+)?(?:{KIND})s?\b", alt, re.I)
    check(kind_first, "starts with the kind of thing: that it is a picture is known")
    check(not re.search(rf"\b(?:{SAYS})\b", alt, re.I), "names what is drawn, and does not say what it looks like")
    check(own and given and (own in given or given in own), "repeats the caption, which is read out anyway")
    check(own in map(plain, others), "is the alt text of another figure")
    check(re.search(r"[\w-]\.(?:png|svg|jpe?g|gif|webp|pdf|py|ipynb|csv)\b", alt, re.I), "names a file")
    check(re.search(r"`|\b(?:plt|np|ax|fig)\b|\b[a-z]\w+\(|\w_\w|\b(?!e\.g|i\.e)[a-z]\w*\.[a-z]\w*", alt), "names code")
    check(re.search(r"[$\\]", alt), "holds TeX, which is read out letter by letter")
    check(alt and not re.search(r"[.?!]$", alt.strip()), "does not end in a full stop")
    return found
