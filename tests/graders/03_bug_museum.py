"""Typical mistakes in 03_bug_museum, and the marks that they get."""

from grading.harness import WrongAnswer

WRONG_ANSWERS = [
    WrongAnswer("transpose taken for a lost carry", [("report-1", 'fault="transpose"', 'fault="carry"')], {"check-1": 2}),
    WrongAnswer("carry found but not mended", [("report-2", '    replace="dh_before, more =",\n    by="dh_after, more =",\n', "")], {"check-2": 2}),
    WrongAnswer("all of the cell under suspicion", [("report-3", 'wrong="W"', 'wrong="U W b"')], {"check-3": 2}),
    WrongAnswer(
        "distracted by the rows",
        [
            ("report-3", 'fault="off-by-one"', 'fault="transpose"'),
            ("report-3", "dWhh += S[t + 1].T @ dA", "dS = dA @ Whh.T"),
            ("report-3", "dWhh += S[t].T @ dA", "dS = dA @ Whh"),
        ],
        {"check-3": 1},
    ),
    WrongAnswer("a piece that is not in the source", [("report-4", 'replace="dW = da', 'replace="dW  = da')], {"check-4": 0}),
    WrongAnswer("readout thought right", [("report-5", 'wrong="U W b V c"', 'wrong="U W b"')], {"check-5": 2}),
    WrongAnswer("slope mended twice", [("report-6", 'by="slope(h_t)"', 'by="slope(np.tanh(h_t))"')], {"check-6": 2}),
    WrongAnswer(
        "clipping moved behind the sum",
        [("report-7", 'by="dtheta += da @ z[t].T"', 'by="dtheta = np.clip(dtheta + da @ z[t].T, -limit, limit)"')],
        {"check-7": 2},
    ),
    WrongAnswer("bias of the wrong shape", [("report-8", 'da)[:, None]', "da)")], {"check-8": 2}),
    WrongAnswer("genuine work condemned", [("report-9", 'wrong="none", fault="none"', 'wrong="U W b V c", fault="sign"')], {"check-9": 0}),
    WrongAnswer("misspelt fault", [("report-6", 'fault="slope"', 'fault="slopes"')], {"check-6": 0}),
    WrongAnswer(
        "only the parameters of exhibit 7",
        [
            ("report-7", '    fault="clip-early",\n', ""),
            ("report-7", '    replace="dtheta += np.clip(da @ z[t].T, -limit, limit)",\n', ""),
            ("report-7", '    by="dtheta += da @ z[t].T",\n', ""),
        ],
        {"check-7": 1},
    ),
]
