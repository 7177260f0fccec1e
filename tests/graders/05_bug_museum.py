"""Typical mistakes in 05_bug_museum, the marks that they get, and right answers in another form."""

from grading.harness import RightAnswer, WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer(
        "gates named by what they do at one step",
        [
            ("report-1", 'wrong="i f g o"', 'wrong="f"'),
            ("report-2", 'wrong="i f g o"', 'wrong="f"'),
            ("report-6", 'wrong="p_o"', 'wrong="p"'),
            ("report-9", 'wrong="W_n"', 'wrong="n"'),
        ],
        {"check-1": 2, "check-2": 2, "check-6": 2, "check-9": 2},
    ),
    WrongAnswer(
        "found but not mended",
        [
            ("report-4", '    replace="write, keep, read, new",\n    by="write, keep, new, read",\n', ""),
            ("report-8", '    replace="dh = dh * (1 - z) + W_r",\n    by="dh = dh * z + W_r",\n', ""),
        ],
        {"check-4": 2, "check-8": 2},
    ),
    WrongAnswer(
        "mended in the wrong place",
        [
            ("report-3", 'replace="d_tanh(c)"', 'replace="return 1 - s * s"'),
            ("report-3", 'by="d_tanh(np.tanh(c))"', 'by="return 1 - np.tanh(s) ** 2"'),
            ("report-5", 'by="dc = dh * o * (1 - np.tanh(c) ** 2)"', 'by="dc = dh * o"'),
            ("report-10", 'by="carried = carried + dseen * r"', 'by="carried = carried + dseen * z"'),
        ],
        {"check-3": 2, "check-5": 2, "check-10": 2},
    ),
    WrongAnswer(
        "one fault taken for another",
        [
            ("report-1", 'fault="keep"', 'fault="last-step"'),
            ("report-7", 'fault="peephole-path"', 'fault="keep"'),
            ("report-9", 'fault="convention"', 'fault="product"'),
            ("report-10", 'fault="product"', 'fault="flipped"'),
        ],
        {"check-1": 2, "check-7": 2, "check-9": 2, "check-10": 2},
    ),
    WrongAnswer(
        "genuine work condemned, and mended to bits",
        [("report-11", 'wrong="none", fault="none"', 'wrong="z", fault="old-new", replace="(h - n)", by="(h_prev - n)"')],
        {"check-11": 0},
    ),
    WrongAnswer(
        "a misspelt fault, an unknown gate, a piece that is not in the source",
        [
            ("report-2", 'fault="gate-lost"', 'fault="gate lost"'),
            ("report-8", 'wrong="r z n"', 'wrong="r z h"'),
            ("report-6", 'replace="(a * s.c_prev)"', 'replace="(a*s.c_prev)"'),
        ],
        {"check-2": 0, "check-8": 0, "check-6": 0},
    ),
    WrongAnswer(
        "random state thought to show what is carried; one unit thought enough",
        [("predict-misses", '"B": {1, 7, 8, 10}', '"B": set()'), ("predict-misses", '"D": {9}', '"D": set()')],
        {"check-misses": 2},
    ),
    WrongAnswer("missed faults as one list", [("predict-misses", '"C": set(), "D": {9}}', '"C": set()}')], {"check-misses": 0}),
]

RIGHT_ANSWERS = [
    RightAnswer(
        "parameter by parameter, and mended elsewhere",
        [
            ("report-1", 'by="dc_next = dc * s.f\\n"', 'by="dc_next = s.f * dc\\n"'),
            ("report-3", 'replace="d_tanh(c)"', 'replace="dh * o * d_tanh(c)"'),
            ("report-3", 'by="d_tanh(np.tanh(c))"', 'by="dh * o / np.cosh(c) ** 2"'),
            ("report-4", 'wrong="g o"', 'wrong="U_g, W_g, b_g, U_o, W_o, b_o"'),
            ("report-4", 'replace="write, keep, read, new"', """replace='enumerate("ifgo")'"""),
            ("report-4", 'by="write, keep, new, read"', """by='enumerate("ifog")'"""),
            ("report-7", 'wrong="i f g o p"', 'wrong="p i f g o"'),
            ("report-9", 'by="(candidate * s.r) @ s.h_prev.T"', 'by="s.r * candidate @ s.h_prev.T"'),
        ],
    ),
]
