"""Faults planted on purpose in a copy of the package: each must be caught by the tests.

`python tests/mutants.py` prints the table of what was caught, and by which test; words choose mutants by name, `--json` prints
the same for a program, `--record` writes into mutants.json which test was the first to fail.

Each mutant is one exact replacement in one file. The package and the tests are copied to a folder of their own, the fault is
planted there, and pytest runs in a forked process, so that NumPy and Torch are loaded once for all mutants. The copies are links
to one that has been compiled, so that only the file with the fault is compiled anew. The test that caught the mutant when it was
recorded runs first; only if that one passes now, the files named with the mutant run whole.
"""

from __future__ import annotations

import compileall
import importlib.util
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tests" / "mutants.json"  # the mutant's name -> the test that caught it
TESTS = ("cases.py", "test_gradients.py", "test_unroll.py", "test_jordan.py", "test_lstm.py", "test_rtrl.py", "test_losses.py", "test_model.py",
         "test_optimizers.py", "test_analysis.py", "test_evolution.py", "test_chunker.py", "test_gpu.py", "test_convert.py", "test_gradcheck.py",
         "parts.py", "torch_nn.py", "test_structures.py", "test_structures_model.py", "test_symbols.py", "test_dropout.py", "test_refusals_structures.py", "test_refusals.py",
         "judges.py", "test_cells_judged.py", "test_cell_variants.py",
         "attended.py", "test_attention.py", "test_encoder_decoder.py", "test_feeding.py", "test_search.py", "test_metrics.py",
         "nets.py", "test_convert_torch.py", "test_convert_keras.py", "test_convert_onnx.py",
         "paths.py", "test_modules.py", "test_gpu_fused.py", "test_gpu_on_numpy.py",
         "window_counts.py", "test_tasks_success.py", "test_tasks_adding.py", "test_tasks_temporal_order.py", "test_tasks_copy_memory.py",
         "test_tasks_long_lag.py", "test_tasks_reber.py", "test_tasks_pronoun.py", "test_tasks_alignment.py", "test_tasks_moving_digits.py",
         "test_fused.py", "test_tasks_real.py", "test_tasks_translation.py", "test_user_arrays.py", "test_museum_gates.py", "test_plots_by_length.py",
         "test_memory_blocks.py", "test_memory_blocks_trials.py", "test_tasks_timed_spikes.py", "test_results_table.py", "test_plots_lstm.py",
         "test_depth.py", "test_tasks_lookahead.py", "test_decays.py", "test_tasks_captions.py")
F = "reference/fused/"


class Mutant(NamedTuple):
    name: str
    file: str  # under rnncore/
    old: str  # occurs exactly once in the file
    new: str
    tests: str  # file names without "test_" and ".py", the likeliest first


ELMAN, JORDAN, UNROLL, LOSSES, MODEL, ADAM = (f"reference/{n}.py" for n in ("elman", "jordan", "unroll", "losses", "model", "optimizers"))
READOUT, RTRL, PHI, LSTM = (f"reference/{n}.py" for n in ("readout", "rtrl", "activations", "lstm"))
BOTH, STACKED, STATES, LENGTHS, ONE_HOT, EMBEDDING, DROPOUT, STRUCTURES = (
    f"reference/{n}.py" for n in ("bidirectional", "stacked", "states", "lengths", "one_hot", "embedding", "dropout", "structures"))
NORM, GRU = "reference/layer_norm.py", "reference/gru.py"
STEP_BACK = "dx[t], before, dparams = cell.step_backward(params, np.where(mask[t], dy[t], 0), real, caches[t])"
ATTENTION, BRIDGE, SEQ2SEQ, FEEDING, SEARCH = (*(f"reference/{n}.py" for n in ("attention", "bridge", "encoder_decoder", "feeding")), "search.py")

WEIGHTS, DECAYS, CAPTIONS = "convert/weights.py", "reference/decays.py", "tasks/captions.py"
RAIN, RECORDS, TRANSLATION = "tasks/rain.py", "tasks/records.py", "tasks/translation.py"

MUTANTS = [
    # the vanilla cell
    Mutant("W instead of its transpose", ELMAN, 'State(params["W"].T @ da)', 'State(params["W"] @ da)', "gradients"),
    Mutant("U instead of its transpose", ELMAN, 'params["U"].T @ da', 'params["U"] @ da', "gradients"),
    Mutant("carried gradient lost", ELMAN, "dh = dy + dstate.h", "dh = dy + 0 * dstate.h", "gradients"),
    Mutant("gradient of this step's loss lost", ELMAN, "dh = dy + dstate.h", "dh = 0 * dy + dstate.h", "gradients"),
    Mutant("slope forgotten on the way to h", ELMAN, 'State(params["W"].T @ da)', 'State(params["W"].T @ dh)', "gradients"),
    Mutant("h for h_prev in dW", ELMAN, "da @ cache.h_prev.T", "da @ cache.h.T", "gradients"),
    Mutant("dh for da in dU", ELMAN, "da @ cache.x.T", "dh @ cache.x.T", "gradients"),
    Mutant("bias not summed over the batch", ELMAN, '"b": da.sum(axis=1, keepdims=True)', '"b": da[:, :1]', "gradients"),
    Mutant("bias averaged over the batch", ELMAN, '"b": da.sum(axis=1, keepdims=True)', '"b": da.mean(axis=1, keepdims=True)', "gradients"),
    Mutant("tanh slope at the wrong argument", PHI, "lambda h: 1 - h * h", "lambda h: 1 - np.tanh(h) ** 2", "gradients"),
    Mutant("relu slope one where the unit is off", PHI, "(h.real > 0)", "(h.real >= 0)", "gradients"),
    Mutant("logistic slope without its factor", PHI, "lambda h: h * (1 - h)", "lambda h: 1 - h", "gradients"),
    # the Jordan cell
    Mutant("Jacobian of softmax dropped", JORDAN, "cache.y * (dy - (cache.y * dy).sum(axis=0, keepdims=True))", "dy", "gradients"),
    Mutant("Jacobian of softmax diagonal only", JORDAN, "cache.y * (dy - (cache.y * dy).sum(axis=0, keepdims=True))",
           "cache.y * (1 - cache.y) * dy", "gradients"),
    Mutant("slope of the fed-back output dropped", JORDAN, "do + dy * ACTIVATIONS[self.output].slope(cache.y)", "do + dy", "gradients"),
    Mutant("decay dropped in ds", JORDAN, "State(self.decay * dstate.s +", "State(0 * dstate.s +", "gradients"),
    Mutant("fed-back path misses V", JORDAN, '"V": do @ cache.h.T', '"V": (do - dy) @ cache.h.T', "gradients"),
    Mutant("teacher forcing one step late", JORDAN, "+ targets[t - 1]", "+ targets[t]", "jordan"),
    Mutant("teacher forcing without memory", JORDAN, "s[t] = self.decay * s[t - 1] +", "s[t] = 0 * s[t - 1] +", "jordan"),
    # the LSTM cell
    Mutant("LSTM: input and forget gate swapped", LSTM, "c = f * c_prev + i * g", "c = i * c_prev + f * g", "lstm"),
    Mutant("LSTM: output not squashed", LSTM, "h = o * tanh(m)", "h = o * m", "lstm"),
    Mutant("LSTM: candidate with the bias of the input gate", LSTM, 'p[f"b_{k}"] for k', 'p["b_i" if k == "g" else f"b_{k}"] for k', "lstm"),
    Mutant("LSTM: W instead of its transpose", LSTM, 'p[f"W_{k}"].T @ dWh[k]', 'p[f"W_{k}"] @ dWh[k]', "lstm"),
    Mutant("LSTM: U instead of its transpose", LSTM, 'p[f"U_{k}"].T @ dUx[k]', 'p[f"U_{k}"].reshape(x.shape[0], -1) @ dUx[k]', "lstm"),
    Mutant("LSTM: carried gradient of c lost", LSTM, "dc = dstate.c + dm", "dc = 0 * dstate.c + dm", "lstm"),
    Mutant("LSTM: carried gradient of h lost", LSTM, "dh = dy + dstate.h", "dh = dy", "lstm"),
    Mutant("LSTM: c reached by its own path alone", LSTM, "dc = dstate.c + dm", "dc = dstate.c", "lstm"),
    Mutant("LSTM: slope of the output's tanh lost", LSTM, "dh * o * (1 - tanh_c * tanh_c)", "dh * o", "lstm"),
    Mutant("LSTM: slope of the output's tanh at the wrong argument", LSTM, "(1 - tanh_c * tanh_c)", "(1 - c * c)", "lstm"),
    Mutant("LSTM: slope of the forget gate lost", LSTM, "df * f * (1 - f)", "df", "lstm"),
    Mutant("LSTM: forget gate learns from the new memory", LSTM, "di, df = dc * g, dc * c_prev", "di, df = dc * g, dc * c", "lstm"),
    Mutant("LSTM: memory sent back undamped", LSTM, "dc_prev = dc * f", "dc_prev = dc", "lstm"),
    Mutant("LSTM: h for h_prev in dW", LSTM, "dWh[k] @ h_prev.T", "dWh[k] @ (o * tanh_c).T", "lstm"),
    Mutant("LSTM: gradient of h through three gates only", LSTM, "dWh[k] for k in self.gates)", "dWh[k] for k in self.gates[:3])", "lstm"),
    Mutant("LSTM: forget gates start at one half", LSTM, '"b_f": constant(1.0)', '"b_f": constant(0.0)', "lstm"),
    # the time loop
    Mutant("gradients overwritten at every step", UNROLL, "total[k] = total[k] + dparams[k]", "total[k] = dparams[k]", "gradients"),
    Mutant("x and h of the step before", UNROLL, "step_backward(params, dy[t], dstate, caches[t])",
           "step_backward(params, dy[t], dstate, caches[t - 1])", "gradients"),
    Mutant("gradient of the final state dropped", UNROLL, "dstate = cell.initial_state(B, dy.dtype) if dstate is None else",
           "dstate = cell.initial_state(B, dy.dtype) if True else", "gradients"),
    Mutant("mask of the step before", UNROLL, "split(dstate, mask[t])", "split(dstate, mask[t - 1])", "gradients"),
    Mutant("gradient lost at padding", UNROLL, "dstate = type(before)(*(b + p for b, p in zip(before, past)))", "dstate = before", "gradients"),
    Mutant("errors at padding used", UNROLL, STEP_BACK, STEP_BACK.replace("np.where(mask[t], dy[t], 0)", "dy[t]"), "unroll"),
    Mutant("state not held at padding", UNROLL, "np.where(mask[t], after, before) for", "after for", "unroll"),
    Mutant("output not silent at padding", UNROLL, "y = np.where(mask[t], y, 0)", "y = y", "unroll"),
    # truncation
    Mutant("window one step too long", UNROLL, "T if k2 >= T else k2 - k1", "T if k2 >= T else k2 - k1 + 1", "unroll"),
    Mutant("window one step too short", UNROLL, "T if k2 >= T else k2 - k1", "T if k2 >= T else max(0, k2 - k1 - 1)", "unroll"),
    Mutant("full window cut at a group's end", UNROLL, "T if k2 >= T else k2 - k1", "k2 - k1", "unroll"),
    Mutant("errors counted once a window", UNROLL, "window[: fresh - start] = 0", "window[:0] = 0", "unroll"),
    Mutant("last short group left out", UNROLL, "for fresh in range(0, T, k1)]", "for fresh in range(0, T - k1 + 1, k1)]", "unroll"),
    # RTRL
    Mutant("RTRL without the immediate part", RTRL, "+= z.T[:, None, :]", "+= 0 * z.T[:, None, :]", "rtrl"),
    Mutant("RTRL with the immediate part everywhere", RTRL, "P[:, unit, unit, :] += z.T[:, None, :]", "P += z.T[:, None, None, :]", "rtrl"),
    Mutant("RTRL without the slope", RTRL, "P *= ACTIVATIONS[cell.activation].slope(h).T[:, :, None, None]", "P *= 1", "rtrl"),
    Mutant("RTRL through the transpose of W", RTRL, 'np.matmul(params["W"], P', 'np.matmul(params["W"].T, P', "rtrl"),
    Mutant("RTRL influence not carried on", RTRL, "P.reshape(B, H, -1)).reshape", "0 * P.reshape(B, H, -1)).reshape", "rtrl"),
    # losses
    Mutant("mean missing in d_logits", LOSSES, "m * (softmax(o) - y) / n", "m * (softmax(o) - y)", "losses"),
    Mutant("mean counts padding", LOSSES, "float(m.sum()) if", "float(m.size) if", "losses"),
    Mutant("mask missing in d_logits", LOSSES, "m * (softmax(o) - y) / n", "(softmax(o) - y) / n", "losses"),
    Mutant("sign of binary cross-entropy", LOSSES, "m * (logistic(o) - d) / n", "m * (d - logistic(o)) / n", "losses"),
    Mutant("slope of the sigmoid applied twice", LOSSES, "m * (logistic(o) - d) / n",
           "m * (logistic(o) - d) * logistic(o) * (1 - logistic(o)) / n", "losses"),
    Mutant("half of the squared error", LOSSES, "0.5 * (error * error)", "(error * error)", "losses"),
    # readout and model
    Mutant("dV transposed", READOUT, "np.tensordot(do, h,", "np.tensordot(h, do,", "gradients"),
    Mutant("dV of the last step only", READOUT, "np.tensordot(do, h,", "np.tensordot(do[-1:], h[-1:],", "gradients"),
    Mutant("dc not summed over time", READOUT, "do.sum(axis=(0, 2))[:, None]", "do[-1].sum(axis=1)[:, None]", "gradients"),
    Mutant("last output's gradient dropped", MODEL, "from_last(self.cell, dh[0])", "from_last(self.cell, 0 * dh[0])", "gradients"),
    Mutant("model forgets to truncate", MODEL, "if self.truncate:", "if False:", "model"),
    Mutant("model backward without its mask", MODEL, "unroll_backward(self.cell, params, dh, dstate, caches, mask)",
           "unroll_backward(self.cell, params, dh, dstate, caches)", "gradients"),
    # optimizers
    Mutant("Adam without the first bias correction", ADAM, "m[k] / (1 - self.beta1**t)", "m[k]", "optimizers"),
    Mutant("Adam without the second bias correction", ADAM, "s[k] / (1 - self.beta2**t)", "s[k]", "optimizers"),
    Mutant("Adam counts from zero", ADAM, '_rate(self.lr, state), state["t"] + 1', '_rate(self.lr, state), max(1, state["t"])', "optimizers"),
    Mutant("RMSProp with epsilon inside the root", ADAM, '(s[k] ** 0.5 + self.eps) for k, p in params.items()}, _clock(self.lr, state) | {"square"',
           '(s[k] + self.eps) ** 0.5 for k, p in params.items()}, _clock(self.lr, state) | {"square"',
           "optimizers"),
    Mutant("momentum with the wrong sign", ADAM, 'self.momentum * state["velocity"][k] + g[k]', 'g[k] - self.momentum * state["velocity"][k]',
           "optimizers"),
    Mutant("clipping array by array", "reference/clipping.py", "g * (max_norm / norm) for k, g in",
           "g * min(1, max_norm / (g * g).sum() ** 0.5) for k, g in", "optimizers"),
    # the judge, the twin, the conversion
    Mutant("gradient check lets NaN pass", "gradcheck.py", 'return float("inf")', "return 0.0", "gradcheck"),
    Mutant("complex step without its check", "gradcheck.py", "if not np.iscomplexobj(result):", "if False:", "gradcheck"),
    Mutant("twin: truncation without the cut", "gpu/unroll.py", "else detach(states[start])", "else states[start]", "gpu"),
    Mutant("twin: state keeps its tape", "gpu/model.py", "dict(zip(theta, grads)), detach(final)", "dict(zip(theta, grads)), final", "gpu"),
    Mutant("twin: mask of the step before", "gpu/unroll.py", "y = torch.where(mask[t], y, 0)", "y = torch.where(mask[t - 1], y, 0)", "gpu"),
    Mutant("conversion: one bias of two", "convert/vanilla.py", "b = sum(biases)[:, None]", "b = biases[0][:, None]", "convert"),
    Mutant("conversion: axes with batch_first", "convert/axes.py", "x.swapaxes(1, 2).swapaxes(0, 1)", "x.swapaxes(1, 2).swapaxes(0, 2)", "convert"),
    # learning: optimizers and schedules
    Mutant("Nesterov's look-ahead dropped", ADAM, "for k in params} if self.nesterov else v", "for k in params} if False else v", "optimizers"),
    Mutant("Nesterov looks ahead of the velocity alone", ADAM, "{k: g[k] + self.momentum * v[k] for", "{k: self.momentum * v[k] for", "optimizers"),
    Mutant("AdamW with coupled weight decay", ADAM, "self._step({k: kept * p for k, p in params.items()}, grads, state)",
           "self._step(params, _with_decay(params, grads, self.weight_decay), state)", "optimizers"),
    Mutant("AdamW decays without the rate", ADAM, "kept = 1 - _rate(self.lr, state) * self.weight_decay", "kept = 1 - self.weight_decay", "optimizers"),
    Mutant("weight decay with the wrong sign", ADAM, "grads[k] + decay * p", "grads[k] - decay * p", "optimizers"),
    Mutant("Adagrad with epsilon inside the root", ADAM, '(s[k] ** 0.5 + self.eps) for k, p in params.items()}, _clock(self.lr, state) | {"sum"',
           '(s[k] + self.eps) ** 0.5 for k, p in params.items()}, _clock(self.lr, state) | {"sum"', "optimizers"),
    Mutant("Adagrad forgets", ADAM, 'state["sum"][k] + g[k] ** 2', '0.9 * state["sum"][k] + g[k] ** 2', "optimizers"),
    Mutant("schedule off by one", ADAM, "value = lr(t)", "value = lr(t + 1)", "optimizers"),
    Mutant("schedule stands still", ADAM, '{"t": 0 if state is None else state["t"] + 1}', '{"t": 0 if state is None else state["t"]}', "optimizers"),
    Mutant("schedule makes single precision double", ADAM, "return float(value)", "return np.float64(value)", "optimizers"),
    Mutant("step schedule one step early", "reference/schedules.py", "(_step(t) - wait) // self.every + 1", "(_step(t) + 1 - wait) // self.every + 1", "optimizers"),
    Mutant("warm-up hands over its own clock", "reference/schedules.py", "else after(t - self.steps)", "else after(t)", "optimizers"),
    Mutant("cosine goes up again", "reference/schedules.py", "min(_step(t), self.steps)", "_step(t)", "optimizers"),
    # RTRL for any cell
    Mutant("RTRL: influence of c lost", "reference/rtrl_any.py", "J.append(to_vector(before)[:, 0])",
           "J.append(to_vector(before._replace(**{before._fields[-1]: 0 * before[-1]}))[:, 0])", "rtrl"),
    Mutant("RTRL: Jacobian of the step turned round", "reference/rtrl_any.py", "P[b] = J @ P[b] + F", "P[b] = J.T @ P[b] + F", "rtrl"),
    Mutant("RTRL: immediate influence lost", "reference/rtrl_any.py", "P[b] = J @ P[b] + F", "P[b] = J @ P[b] + F * (t == 0)", "rtrl"),
    Mutant("RTRL: immediate part of the loss lost", "reference/rtrl_any.py", "total += flat(cell, dparams) +", "total +=", "rtrl"),
    Mutant("RTRL: influence of another sequence", "reference/rtrl_any.py", "to_vector(ds)[:, 0] @ P[b]", "to_vector(ds)[:, 0] @ P[b - 1]", "rtrl"),
    Mutant("RTRL: Jacobian after the step", "reference/rtrl_any.py", "before = column(state, b)", "before = column(new, b)", "rtrl"),
    Mutant("twin: RTRL looks at the state before", "gpu/rtrl_any.py", "P = both[:, len(y) :]", "P = both[:, : -len(y)]", "rtrl"),
    # Jacobians
    Mutant("Jacobian product in the wrong order", "reference/analysis.py", "products[-1] @ older", "older @ products[-1]", "analysis"),
    Mutant("Jacobian product from the oldest step on", "reference/analysis.py", "for older in J[::-1]", "for older in J", "analysis"),
    Mutant("Jacobian turned round", "reference/analysis.py", "reshape(S, B, S).transpose(1, 2, 0)", "reshape(S, B, S).transpose(1, 0, 2)", "analysis"),
    Mutant("Jacobian mixes sequences", "reference/analysis.py", "np.tile(np.eye(S, dtype=like.dtype), B)",
           "np.repeat(np.eye(S, dtype=like.dtype), B, axis=1)", "analysis"),
    Mutant("gradient by lag from the oldest step on", "reference/analysis.py", "nothing, dstate, caches[t - 1]", "nothing, dstate, caches[T - t]", "analysis"),
    Mutant("spectral radius without imaginary parts", "reference/analysis.py", "np.abs(np.linalg.eigvals(", "np.real(np.linalg.eigvals(", "analysis"),
    Mutant("fields of a state in another order", "reference/state_vector.py", "np.split(s, cuts)", "np.split(s, cuts)[::-1]", "analysis rtrl"),
    # evolution
    Mutant("evolution climbs", "reference/evolution.py", "np.unique(losses, return_inverse", "np.unique(-losses, return_inverse", "evolution"),
    Mutant("evolution: step as long in every direction", "reference/evolution.py", "self.lr * sigma[k] * pull[k]", "self.lr * pull[k]", "evolution"),
    Mutant("evolution: spread without its half", "reference/evolution.py", "np.exp(0.5 * rate * widen[k])", "np.exp(rate * widen[k])", "evolution"),
    Mutant("evolution: spread by the first moment", "reference/evolution.py", "(member[k] ** 2 - 1)", "(abs(member[k]) - 1)", "evolution"),
    # memory blocks
    Mutant("derivatives carried past the forget gate", "reference/memory_blocks_learning.py", "        T *= y_forget\n", "", "memory_blocks"),
    Mutant("forget gate blamed for the new state", "reference/memory_blocks_learning.py", "np.multiply(state.before, d[", "np.multiply(state.s, d[", "memory_blocks"),
    Mutant("output gate peeps at the old state", "reference/memory_blocks.py", "(P[:, -1] * s)", "(P[:, -1] * state.before)", "memory_blocks"),
    Mutant("looked-up symbol lost to the output gate", "reference/memory_blocks_learning.py", "        if state.sparse:\n", "        if False:\n", "memory_blocks"),
    Mutant("first step of a late sequence not learnt", "reference/memory_blocks_sequences.py", "[:, None] < starts]", "[:, None] <= starts]", "memory_blocks_trials"),
    Mutant("forget gates multiplied from the wrong end", "reference/memory_blocks_sequences.py", "axis=0)[::-1]", "axis=0)", "memory_blocks_trials"),
    Mutant("a wrong sequence does not end the row", "reference/memory_blocks_trials.py", "np.where(e < self.tolerance, self.streak + 1, 0)",
           "self.streak + (e < self.tolerance)", "memory_blocks_trials"),
    # the chunker
    Mutant("chunker runs at every step", "reference/chunker.py", "surprise = 1 - expected > self.threshold", "surprise = 1 - expected > -1", "chunker"),
    Mutant("chunker runs where A was right", "reference/chunker.py", "surprise = 1 - expected > self.threshold",
           "surprise = expected > self.threshold", "chunker"),
    Mutant("surprise judged by what comes next", "reference/chunker.py", "p_A, ids[:, :, None], axis=2)", "p_A, np.roll(ids, -1, axis=0)[:, :, None], axis=2)", "chunker"),
    Mutant("A predicts from the state after the symbol", "reference/chunker.py", "before = wide(h_A[:-1])", "before = wide(h_A[1:])", "chunker"),
    Mutant("A copies the state before the symbol", "reference/chunker.py", "dq = self.mimic * wide(trace.q - trace.h_C[1:])",
           "dq = self.mimic * wide(trace.q - trace.h_C[:-1])", "chunker"),
    Mutant("C learns where it was not asked", "reference/chunker.py", "wide(trace.surprise[:, :, None]) * (wide(trace.p_C) - target)",
           "(wide(trace.p_C) - target)", "chunker"),
    Mutant("error lost where the chunker stood still", "reference/many_nets.py", "np.where(here, 0, carried) + dh[t]", "dh[t]", "chunker"),
    Mutant("chunker forgets where it stands still", "reference/many_nets.py", "np.where(ticks[t, :, None], new, h[t])", "np.where(ticks[t, :, None], new, 0)", "chunker"),
    Mutant("cut one step late", "reference/many_nets.py", "t % back == 0", "(t - 1) % back == 0", "chunker"),
    Mutant("trials share one gradient", "reference/many_nets.py", '"b": da.sum(axis=2, keepdims=True)', '"b": da.sum(axis=(0, 2), keepdims=True) + 0 * da[..., :1]', "chunker"),
    Mutant("evolution: utilities without their zero", "reference/evolution.py", "worth / worth.sum() - 1 / len(losses)", "worth / worth.sum()", "evolution"),
    # structures, symbols, dropout
    Mutant("back: reversed over the whole array, padding first", LENGTHS, "np.where(t < lengths, lengths - 1 - t, t)", "T - 1 - t + 0 * lengths", "structures"),
    Mutant("back: one step short of the true last", LENGTHS, "np.where(t < lengths, lengths - 1 - t, t)",
           "np.where(t < lengths - 1, lengths - 2 - t, t)", "structures"),
    Mutant("back: outputs left in reverse order", BOTH, "[y, reverse(z, lengths)]", "[y, z]", "structures"),
    Mutant("back: input read ahead", BOTH, "reverse(x, lengths), of_back", "x, of_back", "structures"),
    Mutant("back: errors left in order", BOTH, "dz = reverse(dy[:, self.ahead.outputs :], memory.lengths)", "dz = dy[:, self.ahead.outputs :]", "structures"),
    Mutant("back: dx left in reverse order", BOTH, "dx + reverse(dx_back, memory.lengths)", "dx + dx_back", "structures"),
    Mutant("both ways: halves swapped", BOTH, "[y, reverse(z, lengths)]", "[reverse(z, lengths), y]", "structures"),
    Mutant("both ways: gradient of x from one direction", BOTH, "dx + reverse(dx_back, memory.lengths)", "dx", "structures"),
    Mutant("both ways: back runs with ahead's weights", BOTH, 'run(self.back, self._of(params, "back")',
           'run(self.back, self._of(params, "ahead")', "structures"),
    Mutant("both ways: initial states swapped", BOTH, "of_ahead, of_back = states.split(state, self._parts)",
           "of_back, of_ahead = states.split(state, self._parts)", "structures"),
    Mutant("both ways: final state of the last column", BOTH, "return np.concatenate([y, reverse(z, lengths)], axis=1), self._join(final, first)",
           "final = final._replace(h=y[-1]); return np.concatenate([y, reverse(z, lengths)], axis=1), self._join(final, first)", "structures"),
    Mutant("both ways: keys of the gradients swapped", BOTH, 'states.prefixed(grads, "ahead.") | states.prefixed(grads_back, "back.")',
           'states.prefixed(grads, "back.") | states.prefixed(grads_back, "ahead.")', "structures"),
    Mutant("both ways: gradient of the ends swapped", BOTH, "self._join(from_last(self.ahead, dh[:H]), from_last(self.back, dh[H:]))",
           "self._join(from_last(self.ahead, dh[H:]), from_last(self.back, dh[:H]))", "structures structures_model"),
    Mutant("both ways: mask not handed to back", BOTH, "reverse(x, lengths), of_back, mask, rng", "reverse(x, lengths), of_back, None, rng", "structures"),
    Mutant("last: the lowest part", STACKED, "last(self.parts[-1], states.split(final, self.parts)[-1])",
           "last(self.parts[0], states.split(final, self.parts)[0])", "structures"),
    Mutant("stacked: layers take each other's keys", STACKED, 'run(part, states.part_of(params, f"{n}.", part), y, before, mask, rng, fused)',
           'run(part, states.part_of(params, f"{len(self.parts) - 1 - n}.", part), y, before, mask, rng, fused)', "structures"),
    Mutant("stacked: gradients under the key above", STACKED, 'total |= states.prefixed(grads, f"{n}.")',
           'total |= states.prefixed(grads, f"{(n + 1) % len(self.parts)}.")', "structures"),
    Mutant("stacked: gradient of the final state for the top alone", STACKED, "d = [None] * len(self.parts) if dstate is None else states.split(dstate, self.parts)",
           "d = [None] * len(self.parts) if dstate is None else [None] * (len(self.parts) - 1) + states.split(dstate, self.parts)[-1:]", "structures"),
    Mutant("stacked: step backward from the bottom up", STACKED, "part), dy, d[n], cache.parts[n])", "part), dy, d[n], cache.parts[n - 1])", "structures"),
    Mutant("stacked: every part sees the input", STACKED, 'part.step(states.part_of(params, f"{n}.", part), y, before)',
           'part.step(states.part_of(params, f"{n}.", part), x_t, before)', "structures"),
    Mutant("stacked: no mask in the layers", STACKED, "part), y, before, mask, rng, fused)", "part), y, before, None, rng, fused)", "structures"),
    Mutant("padding reaches the cell", UNROLL, "x = np.where(mask if x.ndim == 2 else mask[:, None], x, 0)", "x = x * 1", "structures"),
    Mutant("states: fields of the parts in another order", STATES, "return [kind(*(next(values) for _ in kind._fields)) for kind in map(type_of, parts)]",
           "return [kind(*(next(values) for _ in kind._fields)) for kind in map(type_of, parts[::-1])][::-1]", "structures"),
    Mutant("states: pickle makes a plain tuple", STATES, "(rebuild, (state._fields, tuple(state)))", "(tuple, (tuple(state),))", "structures_model"),
    Mutant("initialisers: the bare symbol goes before the full key", STATES, 'key=lambda item: item[0].count("."))', 'key=lambda item: -item[0].count("."))', "structures_model"),
    Mutant("embedding: gradient overwritten for repeated symbols", ONE_HOT, "np.add.at(total, ids, columns.T)", "total[ids] = columns.T", "symbols"),
    Mutant("embedding: repeated symbols added once", ONE_HOT, "np.add.at(total, ids, columns.T)", "total[ids] += columns.T", "symbols"),
    Mutant("embedding: steps and sequences mixed up", EMBEDDING, "np.moveaxis(dx, 1, 0).reshape(self.D, -1), ids.ravel()",
           "np.moveaxis(dx, 1, 0).reshape(self.D, -1), ids.T.ravel()", "symbols"),
    Mutant("symbols: rows of U in place of columns", ONE_HOT, "return U[:, self.ids]", "return U.T.reshape(U.shape)[:, self.ids]", "symbols"),
    Mutant("model: embedding learns nothing", MODEL, "(self.embedding.backward(dx, x) if self.embedding else {})",
           "(self.embedding.backward(0 * dx, x) if self.embedding else {})", "structures_model"),
    Mutant("model: truncated errors of the embedding in the wrong place", UNROLL, "dx[start:end] += of_window", "dx[start:end] = of_window", "structures_model"),
    Mutant("model: drops in evaluation", MODEL, "o, _, _ = self.forward(params, batch.x, state if batch.carry else None, batch.mask)",
           "o, _, _ = self.forward(params, batch.x, state if batch.carry else None, batch.mask, batch.rng)", "dropout"),
    Mutant("dropout not inverted", DROPOUT, "1 / (1 - p)).astype", "1.0).astype", "dropout"),
    Mutant("dropout keeps what it should drop", DROPOUT, "rng.random(shape) < p", "rng.random(shape) >= p", "dropout"),
    Mutant("dropout: one pattern for all steps", DROPOUT, "rng.random(shape) < p", "rng.random((1, *shape[1:])).repeat(shape[0], 0) < p", "dropout"),
    Mutant("dropout before the first part", STACKED, "y.shape, y.real.dtype) if n else None", "y.shape, y.real.dtype) if n >= 0 else None", "dropout"),
    Mutant("dropout after the last part", STACKED, "return y, self._join(finals), Memory(",
           "y = y * (dropout_pattern(rng, self.dropout, y.shape) if rng and self.dropout else 1); return y, self._join(finals), Memory(", "dropout"),
    Mutant("dropout forgotten on the way back", STACKED, "dy = dy if memory.patterns[n] is None else dy * memory.patterns[n]", "dy = dy * 1", "dropout"),
    Mutant("dropout: patterns one part off on the way back", STACKED, "dy = dy if memory.patterns[n] is None else dy * memory.patterns[n]",
           "dy = dy if memory.patterns[n - 1] is None else dy * memory.patterns[n - 1]", "dropout"),
    Mutant("one to many: the first input has its own gradient only", STRUCTURES, "dx.sum(axis=0) if every", "dx[0] if every", "structures_model"),
    Mutant("twin: reversed over the whole array", "gpu/lengths.py", "torch.where(t < lengths, lengths - 1 - t, t)", "T - 1 - t + 0 * lengths", "structures"),
    Mutant("twin: padding reaches the cell", "gpu/unroll.py", "x = torch.where(mask if x.ndim == 2 else mask[:, None], x, 0)", "x = x * 1", "structures"),
    Mutant("twin: drops its own pattern", "gpu/stacked.py", "dropout_pattern(rng, self.dropout, tuple(y.shape)) if n",
           "dropout_pattern(rng and np.random.default_rng(9), self.dropout, tuple(y.shape)) if n", "dropout"),
    # the cells: variants of the LSTM, layer normalisation, the gated recurrent unit, the IRNN
    Mutant("1997: memory leaks", LSTM, "else ones_like(i)", "else 0.9 * ones_like(i)", "cells_judged"),
    Mutant("1997 truncated: errors leak through h", LSTM, "return dx, State(np.zeros_like(dh), dc_prev), dparams",
           'return dx, State(sum(p[f"W_{j}"].T @ dWh[j] for j in self.gates), dc_prev), dparams', "cells_judged"),
    Mutant("1997 truncated: errors leak through h within one gate", LSTM, "return dx, State(np.zeros_like(dh), dc_prev), dparams",
           'return dx, State(p["W_o"].T @ dWh["o"], dc_prev), dparams', "cells_judged"),
    Mutant("1997 truncated: c cut as well", LSTM, "State(np.zeros_like(dh), dc_prev), dparams", "State(np.zeros_like(dh), 0 * dc_prev), dparams",
           "cells_judged"),
    Mutant("1997 truncated: nothing reaches the input", LSTM, "return dx, State(np.zeros_like(dh)", "return 0 * dx, State(np.zeros_like(dh)",
           "cells_judged"),
    Mutant("1997 truncated: the complex step leaks", LSTM, "return h.real.astype(h.dtype, copy=False)", "return h", "gradients"),
    Mutant("1997: the gradient cut in every variant without a forget gate", LSTM, """if variant == "1997-truncated":
            return""", """if variant.startswith("1997"):
            return""", "cells_judged"),
    Mutant("twin, 1997 truncated: not cut", "gpu/lstm.py", 'cut(state.h) if variant == "1997-truncated" else state.h', "state.h", "cells_judged"),
    Mutant("peephole: output gate sees the old memory", LSTM, 'a["o"] + p["p_o"] * c  #', 'a["o"] + p["p_o"] * c_prev  #', "cells_judged"),
    Mutant("peephole: input gate sees h", LSTM, 'a["i"] + p["p_i"] * c_prev', 'a["i"] + p["p_i"] * h_prev', "cells_judged"),
    Mutant("peephole: forget gate through the input gate's", LSTM, 'a["f"] + p["p_f"] * c_prev', 'a["f"] + p["p_i"] * c_prev', "cells_judged"),
    Mutant("peephole: path through the output gate lost", LSTM, 'dc = dc + p["p_o"] * da["o"]', "dc = dc", "cells_judged"),
    Mutant("peephole: path through the forget gate lost", LSTM, ' + p["p_i"] * da["i"] + p["p_f"] * da["f"]', ' + p["p_i"] * da["i"]', "cells_judged"),
    Mutant("peephole: p_o learns from the old memory", LSTM, '"p_o": _sum(da["o"] * c)', '"p_o": _sum(da["o"] * c_prev)', "cells_judged"),
    Mutant("peephole: p_f learns from the new memory", LSTM, '"p_f": _sum(da["f"] * c_prev)', '"p_f": _sum(da["f"] * c)', "cells_judged"),
    Mutant("coupled: second path of the input gate lost", LSTM, "di = di - df", "di = di", "cells_judged"),
    Mutant("coupled: second path with the wrong sign", LSTM, "di = di - df", "di = di + df", "cells_judged"),
    Mutant("coupled: keeps what it overwrites", LSTM, "f = 1 - i if variant", "f = i if variant", "cells_judged"),
    Mutant("coupled: starts without keeping", LSTM, '{"b_i": constant(-1.0)} if', "{} if", "cell_variants"),
    Mutant("layer norm: path through the mean lost", NORM, "(v - by_mean - norm", "(v - norm", "cells_judged"),
    Mutant("layer norm: path through the variance lost", NORM, " - norm.n[k] * by_variance)", ")", "cells_judged"),
    Mutant("layer norm: epsilon outside the root", NORM, "(_mean({k: v * v for k, v in d.items()}) + EPS) ** -0.5",
           "1 / (_mean({k: v * v for k, v in d.items()}) ** 0.5 + EPS)", "cells_judged"),
    Mutant("layer norm: scale forgotten on the way back", NORM, "norm.r * (v - by_mean", "(v - by_mean", "cells_judged"),
    Mutant("layer norm: not centred", NORM, "{k: v - mu for k, v", "{k: v for k, v", "cells_judged"),
    Mutant("layer norm: over the batch in place of the rows", NORM, "v.mean(axis=0, keepdims=True)", "v.mean(axis=1, keepdims=True)", "cells_judged"),
    Mutant("layer norm: both products under one roof", LSTM, "normalise(Ux), normalise(Wh)",
           "normalise(Ux), normalise({k: Ux[k] + Wh[k] for k in Wh})", "cells_judged"),
    Mutant("layer norm: gate by gate", LSTM, 'Wh = {k: p[f"s_W_{k}"] * n for', 'Wh = {k: p[f"s_W_{k}"] * normalise({k: n}).n[k] for', "cells_judged"),
    Mutant("layer norm: memory read as it is", LSTM, "m = p[\"s_c\"] * norms[\"c\"].n[\"c\"] + p[\"b_c\"]", "m = p[\"s_c\"] * c + p[\"b_c\"]", "cells_judged"),
    Mutant("layer norm: gain learns from what is not normalised", LSTM, '_sum(dm * norms["c"].n["c"])', "_sum(dm * c)", "cells_judged"),
    Mutant("layer norm: gain forgotten on the way back", LSTM, 'normalise_backward({"c": p["s_c"] * dm}', 'normalise_backward({"c": dm}', "cells_judged"),
    Mutant("layer norm: gain of the input for the recurrence", LSTM, 'dWh = normalise_backward({k: p[f"s_W_{k}"]',
           'dWh = normalise_backward({k: p[f"s_U_{k}"]', "cells_judged"),
    Mutant("layer norm: gains drawn at random", LSTM, 'if k.startswith("s_")}', 'if k.startswith("s_c")}', "cell_variants"),
    Mutant("GRU: z flipped", GRU, "h = (1 - z) * n + z * h_prev", "h = z * n + (1 - z) * h_prev", "cells_judged"),
    Mutant("GRU: reset on the wrong side", GRU, """m = r * h_prev
            past = p["W_n"] @ m""", """m = h_prev
            past = r * (p["W_n"] @ m)""", "cells_judged"),
    Mutant("GRU: reset before the product in both", GRU, """m = p["W_n"] @ h_prev + p["d_n"]
            past = r * m""", """m = p["W_n"] @ h_prev + p["d_n"]
            past = p["W_n"] @ (r * h_prev) + p["d_n"]""", "cells_judged"),
    Mutant("GRU: recurrent bias outside the reset", GRU, """m = p["W_n"] @ h_prev + p["d_n"]
            past = r * m""", """m = p["W_n"] @ h_prev
            past = r * m + p["d_n"]""", "cells_judged"),
    Mutant("GRU: recurrent weights of r and z swapped", GRU, 'p["W_r"] @ h_prev + p["b_r"]', 'p["W_z"] @ h_prev + p["b_r"]', "cells_judged"),
    Mutant("GRU: reset forgotten on the way back, after", GRU, "dm = dn * r", "dm = dn", "cells_judged"),
    Mutant("GRU: reset forgotten on the way back, before", GRU, "dh_prev = dm * r", "dh_prev = dm", "cells_judged"),
    Mutant("GRU: kept state lost on the way back", GRU, "dh_prev + dh * z + p", "dh_prev + p", "cells_judged"),
    Mutant("GRU: update gate learns the other way round", GRU, "dz = dh * (h_prev - n)", "dz = dh * (n - h_prev)", "cells_judged"),
    Mutant("GRU: update gate forgets the candidate", GRU, "dz = dh * (h_prev - n)", "dz = dh * h_prev", "cells_judged"),
    Mutant("GRU: slope of the reset gate lost", GRU, "dr = dn * m * r * (1 - r)", "dr = dn * m", "cells_judged"),
    Mutant("GRU: reset gate learns from what it let through", GRU, "dr = dm * h_prev * r", "dr = dm * m * r", "cells_judged"),
    Mutant("GRU: W_n learns from what was not reset", GRU, '{"W_n": dn @ m.T}', '{"W_n": dn @ h_prev.T}', "cells_judged"),
    Mutant("GRU: recurrent bias learns past the reset", GRU, '"d_n": _sum(dm)', '"d_n": _sum(dn)', "cells_judged"),
    Mutant("GRU: path through the reset gate lost", GRU, ' + p["W_r"].T @ dr', "", "cells_judged"),
    Mutant("GRU: recurrent bias drawn at random", GRU, '{"d_n": zeros()} if', "{} if", "cell_variants"),
    Mutant("twin, GRU: z flipped", "gpu/gru.py", "h = (1 - z) * n + z * h_prev", "h = z * n + (1 - z) * h_prev", "cells_judged"),
    Mutant("IRNN: leaks from the start", ELMAN, '"W": identity()}', '"W": identity(0.99)}', "cell_variants"),
    # attention, encoder and decoder, search, metrics
    Mutant("attention: softmax over the sequences", ATTENTION, "return e / e.sum(axis=-2, keepdims=True)", "return e / e.sum(axis=-1, keepdims=True)", "attention"),
    Mutant("attention: mask after the softmax", ATTENTION, "np.where(real, np.exp(np.where(real, scores - top, 0)), 0)",
           "np.exp(scores - top) / np.exp(scores - top).sum(axis=-2, keepdims=True) * real; return e", "attention"),
    Mutant("attention: mask forgotten", ATTENTION, "np.ones(scores.shape[-2:], bool) if mask is None else mask", "np.ones(scores.shape[-2:], bool)", "attention"),
    Mutant("attention: scale forgotten", ATTENTION, "scores = scores / self.Q**0.5", "scores = scores", "attention"),
    Mutant("attention: scale by the size, not its root", ATTENTION, "scores = scores / self.Q**0.5", "scores = scores / self.Q", "attention"),
    Mutant("attention: scale forgotten on the way back", ATTENTION, "dscores = dscores / self.Q**0.5", "dscores = dscores", "attention"),
    Mutant("attention: gradient of the keys lost", ATTENTION, "return dquery, dmemory + through_keys,", "return dquery, dmemory + 0 * through_keys,", "attention"),
    Mutant("attention: gradient of the values lost", ATTENTION, "return dquery, dmemory + through_keys,", "return dquery, 0 * dmemory + through_keys,", "attention"),
    Mutant("attention: Jacobian of the softmax diagonal only", ATTENTION,
           "dscores = weights * (dweights - (weights * dweights).sum(axis=-2, keepdims=True))", "dscores = weights * (1 - weights) * dweights", "attention"),
    Mutant("attention: weights do not depend on the query", ATTENTION, 'np.tanh(params["W_q"] @ q + keys)', 'np.tanh(0 * (params["W_q"] @ q) + keys)', "attention"),
    Mutant("attention: weights do not depend on the items", ATTENTION, 'np.tanh(params["W_q"] @ q + keys)', 'np.tanh(params["W_q"] @ q + 0 * keys)', "attention"),
    Mutant("attention: slope of the additive score lost", ATTENTION, "de * params[\"v\"] * (1 - u * u)", "de * params[\"v\"]", "attention"),
    Mutant("attention: key matrix not transposed on the way back", ATTENTION, "return params[name].T @ dkeys, {",
           "return params[name].reshape(params[name].T.shape) @ dkeys, {", "attention"),
    Mutant("attention: the last query's gradient for what all share", ATTENTION, "return a.sum(axis=0) if a.ndim > axes else a", "return a[-1] if a.ndim > axes else a", "attention"),
    Mutant("attention: padding reaches the scores", ATTENTION, "return np.where(mask[:, None], memory, 0), mask", "return memory, mask", "attention"),
    Mutant("bridge: the direction ahead twice", BRIDGE, "np.concatenate([fields[name] for name in names])", "np.concatenate([fields[names[0]][: len(fields[name])] for name in names])",
           "encoder_decoder"),
    Mutant("bridge: slope of the tanh lost", BRIDGE, 'd * (1 - s * s) if self.kind == "tanh" else d', "d", "encoder_decoder"),
    Mutant("bridge: gradient of one field alone", BRIDGE, 'dz = dz + params', 'dz = params', "encoder_decoder"),
    Mutant("decoder: state not carried", SEQ2SEQ, "            state = new\n            for column", "            for column", "encoder_decoder"),
    Mutant("decoder: errors not carried back", SEQ2SEQ, "dz, dstate, grads = self.decoder", "dz, _, grads = self.decoder", "encoder_decoder"),
    Mutant("decoder: state not held at padding", SEQ2SEQ, "np.where(mask[t], after, before) for", "after for", "encoder_decoder"),
    Mutant("decoder: errors at padding used", SEQ2SEQ, "do = do if memory.mask is None else np.where(memory.mask[:, None], do, 0)", "do = do", "encoder_decoder"),
    Mutant("decoder: gradient through the query lost", SEQ2SEQ, "getattr(dstate, field) + dquery})", "getattr(dstate, field)})", "encoder_decoder"),
    Mutant("decoder: gradient through the query lost, after", SEQ2SEQ, "dh = dh + dquery", "dh = dh", "encoder_decoder"),
    Mutant("decoder: gradient of the context as an input lost", SEQ2SEQ, "dcontext + dz[width:]", "dcontext", "encoder_decoder"),
    Mutant("encoder: reached over the bridge alone", SEQ2SEQ, 'p["encoder"], ditems, dfinal', 'p["encoder"], 0 * ditems, dfinal', "encoder_decoder"),
    Mutant("encoder: reached by the attention alone", SEQ2SEQ, 'p["encoder"], ditems, dfinal', 'p["encoder"], ditems, None', "encoder_decoder"),
    Mutant("encoder: reads padding", SEQ2SEQ, 'p["encoder"], columns, None, x_mask, rng)', 'p["encoder"], columns, None, None, rng)', "encoder_decoder"),
    Mutant("attention: of the last step's gradient alone", SEQ2SEQ, "dkeys, ditems = dkeys + more[0], ditems + more[1]", "dkeys, ditems = more[0], ditems + more[1]", "encoder_decoder"),
    Mutant("decoder: fed one step late", FEEDING, "true = self.targets[t - 1]", "true = self.targets[max(0, t - 2)]", "encoder_decoder"),
    Mutant("decoder: fed the answer", FEEDING, "true = self.targets[t - 1]", "true = self.targets[t]", "encoder_decoder"),
    Mutant("scheduled sampling: the coin turned round", FEEDING, "self.rng.random(B) < truth", "self.rng.random(B) >= truth", "feeding"),
    Mutant("scheduled sampling: one coin for all sequences", FEEDING, "self.rng.random(B) < truth", "np.full(B, self.rng.random() < truth)", "feeding"),
    Mutant("scheduled sampling: a coin per sequence decides on steps", FEEDING, "self._coins() if self.whole is None else self.whole", "self._coins()", "feeding"),
    Mutant("scheduled sampling: own symbols all equally likely", FEEDING, "cumulated = softmax(logits.real).cumsum", "cumulated = softmax(0 * logits.real).cumsum", "feeding"),
    Mutant("twin, attention: mask forgotten", "gpu/attention.py", "scores = scores.masked_fill(~mask, -torch.inf)", "scores = scores", "attention"),
    Mutant("twin, decoder: looks with the new state", "gpu/encoder_decoder.py", "if self._after:", "if self.attention:", "encoder_decoder"),
    Mutant("twin, decoder: state not carried", "gpu/encoder_decoder.py", "            state = new\n", "", "encoder_decoder"),
    Mutant("beam: not normalised", SEARCH, "float(p) / length**alpha, True)", "float(p), True)", "search"),
    Mutant("beam: the end is continued", SEARCH, "goes_on = symbol != end", "goes_on = symbol == symbol", "search"),
    Mutant("beam: state of another hypothesis", SEARCH, "v[:, parent[goes_on]]", "v[:, sorted(parent[goes_on])]", "search"),
    Mutant("beam: probability of the last symbol alone", SEARCH, "total = (log_p + o -", "total = (0 * log_p + o -", "search"),
    Mutant("beam: logits taken for log-probabilities", SEARCH, "o - np.log(np.exp(o).sum(axis=0))", "o", "search"),
    Mutant("beam: stops when enough have ended", SEARCH, "sum(h.score >= bound for h in ended) >= width", "len(ended) >= width", "search"),
    Mutant("beam: stops by a bound without normalisation", SEARCH, "log_p.max() / max_steps**alpha", "log_p.max()", "search"),
    Mutant("beam: one hypothesis too few", SEARCH, 'kind="stable")[:width]', 'kind="stable")[:max(1, width - 1)]', "search"),
    Mutant("decoding goes on after the end", SEARCH, "if sequence[-1:] != [end]:", "if True:", "search"),
    Mutant("bits by the wrong logarithm", "metrics.py", "np.log(2)", "np.log(10)", "metrics"),
    Mutant("BLEU with the roles exchanged", "metrics.py", "metric.corpus_score(list(hypotheses), streams)", "metric.corpus_score(streams[0], [list(hypotheses)])", "metrics"),
    Mutant("an exchanged letter costs nothing less", "metrics.py", "before[j - 1] + (a != b)", "before[j - 1] + 1", "metrics"),
    Mutant("errors at padding count", "metrics.py", "return ((said != targets) & real).sum(axis=1)", "return (said != targets).sum(axis=1)", "metrics"),
    Mutant("linear decay without a floor", DECAYS, "max(self.floor, ", "max(0.0, ", "decays"),
    Mutant("exponential decay one update early", DECAYS, "self.k ** _update(i)", "self.k ** (_update(i) - 1)", "decays"),
    Mutant("inverse sigmoid falls in one update", DECAYS, "math.exp(-_update(i) / self.k)", "math.exp(-_update(i))", "decays"),
    Mutant("captions: the last digit is named first", CAPTIONS, "first, *others = (", "*others, first = (", "tasks_captions"),
    Mutant("captions: digits of the test in training", CAPTIONS, '"train": slice(0, 1200)', '"train": slice(0, 1797)', "tasks_captions"),
    Mutant("captions: held-out pairs in training", CAPTIONS, "for b in digits[k + 1 :]) == held", "for b in digits[k + 1 : k + 1]) == False", "tasks_captions"),
    Mutant("captions: the picture at every step", CAPTIONS, "pictures * (ids == SYMBOLS.index[START])", "pictures * np.ones(len(ids))", "tasks_captions"),
    # the converters: torch.nn, Keras, ONNX
    Mutant("torch.nn: gates of the GRU", WEIGHTS, '"GRU": tuple("rzn")', '"GRU": tuple("zrn")', "convert_torch"),
    Mutant("Keras: gates of the LSTM", WEIGHTS, '"LSTM": tuple("ifgo"), "GRU": tuple("zrn")', '"LSTM": tuple("ifog"), "GRU": tuple("zrn")', "convert_keras"),
    Mutant("Keras: gates of the GRU", WEIGHTS, '"LSTM": tuple("ifgo"), "GRU": tuple("zrn")', '"LSTM": tuple("ifgo"), "GRU": tuple("rzn")', "convert_keras"),
    Mutant("ONNX: gates of the LSTM", WEIGHTS, 'tuple("iofg")', 'tuple("ifog")', "convert_onnx"),
    Mutant("ONNX: order of the peepholes", WEIGHTS, 'PEEPHOLES = tuple("iof")', 'PEEPHOLES = tuple("ifo")', "convert_onnx"),
    Mutant("one bias of two, any library", WEIGHTS, "b[gate] if apart else b[gate] + d[gate]", "b[gate]", "convert_torch"),
    Mutant("the candidate's biases are one", WEIGHTS, 'params[key("d", gate)] = d[gate]', 'params[key("d", gate)] = b[gate]', "convert_torch"),
    Mutant("our modules: order of the peepholes", WEIGHTS, '("p_i", "p_f", "p_o")', '("p_i", "p_o", "p_f")', "convert_torch"),
    Mutant("our modules: variant forgotten on the way back", "convert/torch_nn.py", "else module.variant if own else", "else", "convert_torch"),
    Mutant("uncoupled with the wrong sign", WEIGHTS, '-params[f"{k}_i"]', 'params[f"{k}_i"]', "convert_torch"),
    Mutant("directions exchanged", "convert/parts.py", '(f"{prefix}ahead.", f"{prefix}back.")', '(f"{prefix}back.", f"{prefix}ahead.")', "convert_torch"),
    Mutant("torch.nn: last of the lowest layer", "convert/torch_nn.py", "h[-2:] if self.recurrent.bidirectional else h[-1:]",
           "h[:2] if self.recurrent.bidirectional else h[:1]", "convert_torch"),
    Mutant("torch.nn: dropout lost", "convert/torch_nn.py", "dropout=net.dropout", "dropout=0.0", "convert_torch"),
    Mutant("torch.nn: weights of somebody's own ignored", "convert/torch_nn.py", "if set(state) != (want :=", "if not set(state) >= (want :=", "convert_torch"),
    Mutant("Keras: recurrent kernel not transposed", "convert/keras_layers.py", "blocks.W.T", "blocks.W", "convert_keras"),
    Mutant("Keras: rows of the bias exchanged", "convert/keras_layers.py", "np.stack([blocks.b, blocks.d])", "np.stack([blocks.d, blocks.b])", "convert_keras"),
    Mutant("Keras: reset_after unseen", "convert/keras_layers.py", '"after" if layer.reset_after else "before"', '"after"', "convert_keras"),
    Mutant("ONNX: linear_before_reset turned round, there", "convert/onnx_export.py", 'int(first.variant == "after")', 'int(first.variant != "after")', "convert_onnx"),
    Mutant("ONNX: linear_before_reset turned round, back", "convert/onnx_import.py", 'return "after" if how.get("linear_before_reset", 0) else "before"',
           'return "before" if how.get("linear_before_reset", 0) else "after"', "convert_onnx"),
    Mutant("ONNX: not coupled", "convert/onnx_export.py", 'attributes["input_forget"] = 1', 'attributes["input_forget"] = 0', "convert_onnx"),
    Mutant("ONNX: units of both directions in turn", "convert/onnx_export.py", "len(layer.cells), [0, 2, 1, 3], 1)", "len(layer.cells), [0, 2, 3, 1], 1)", "convert_onnx"),
    Mutant("ONNX: lengths lost", "convert/onnx_export.py", 'kind, "lengths" if lengths else "", state)', 'kind, "", state)', "convert_onnx"),
    Mutant("ONNX: states of the directions exchanged", "convert/onnx_states.py", "np.ascontiguousarray(v[i].T)", "np.ascontiguousarray(v[-1 - i].T)", "convert_onnx"),
    Mutant("ONNX: initial states dropped on the way back", "convert/onnx_import.py", "isinstance(value, np.ndarray) and value.any() or ", "", "convert_onnx"),
    Mutant("ONNX: time taken for sequences", "convert/onnx_import.py", "if any(old != new for old, new", "if any(False for old, new", "convert_onnx"),
    Mutant("ONNX: clip unseen", "convert/onnx_import.py", 'if "clip" in how:', "if False:", "convert_onnx"),
    # Torch: whole sequences by hand, and modules in place of torch.nn's
    Mutant("by hand: sequences that begin start from zero", "gpu/fused/steps.py", "torch.cat([self.now, self.first[have:b]])",
           "torch.cat([self.now, 0 * self.first[have:b]])", "gpu_fused"),
    Mutant("by hand: sequences that end in the wrong order", "gpu/fused/steps.py", "*self.ended[::-1]", "*self.ended", "modules gpu_fused"),
    Mutant("by hand: pieces of time in the wrong order", "gpu/fused/steps.py", "tuple(piece if self.reverse else piece[::-1])",
           "tuple(piece)", "gpu_fused"),
    Mutant("by hand: h of the step itself in W's gradient", "gpu/fused/steps.py", "carry.at(len(block))", "carry.at(len(block)) * 0 + block", "gpu_fused"),
    Mutant("by hand: vanilla without the final state's gradient", "gpu/fused/vanilla.py", "Gradient(dlast[0])", "Gradient(0 * dlast[0])", "gpu_fused"),
    Mutant("by hand: LSTM, c not carried back", "gpu/fused/lstm.py", "dc_t.mul_(keep_t)", "dc_t.zero_()", "gpu_fused"),
    Mutant("by hand: LSTM, peephole of o on the old c", "gpu/fused/lstm.py", "o.addcmul_(c_t, p[:H])", "o.addcmul_(before, p[:H])", "gpu_fused"),
    Mutant("by hand: LSTM, coupled gate without its other side", "gpu/fused/lstm.py",
           'J_i.mul_(g - before if self.variant == "coupled" else g)', "J_i.mul_(g)", "gpu_fused"),
    Mutant("by hand: LSTM, truncated gradient not cut", "gpu/fused/lstm.py", "dh_t.zero_()", "matmul_into(dh_t, da, W)", "gpu_fused"),
    Mutant("by hand: LSTM, projection's gradient from the gates", "gpu/fused/lstm.py", "over_time(arrived, S[:, :H] * tanh_C)",
           "over_time(arrived, S[:, :H])", "modules"),
    Mutant("by hand: GRU, reset's gradient without q", "gpu/fused/gru.py", "torch.mul(J_q, q, out=J_r)", "torch.mul(J_q, r, out=J_r)", "gpu_fused"),
    Mutant("by hand: GRU, z flipped", "gpu/fused/gru.py", "dh.mul_(z_t)\n                add_matmul(dh, dh, da, W)",
           "dh.mul_(1 - z_t)\n                add_matmul(dh, dh, da, W)", "gpu_fused"),
    Mutant("by hand: norm's gradient without the mean", "gpu/fused/lstm_normalised.py", "(dn - dn.mean(1, keepdim=True) - n", "(dn - n", "gpu_fused"),
    Mutant("by hand: oneDNN loses what is added", "gpu/fused/products.py", "torch.add(start, by_onednn(", "torch.add(0 * start, by_onednn(", "gpu_fused"),
    Mutant("by hand: second derivative without a word", "gpu/fused/recurrence.py", "if twice else grads", "if False else grads", "gpu_fused"),
    Mutant("modules: gates of torch.nn in another order", "gpu/modules/lstm.py", 'else "ifgo"', 'else "ifog"', "modules"),
    Mutant("modules: b_hn outside the reset", "gpu/modules/gru.py", '{"b_n": named["bias_ih"][n, None],', '{"b_n": params["b_n"],', "modules"),
    Mutant("modules: dropout on the first layer's input", "gpu/modules/base.py", "if layer and self.training", "if self.training", "modules"),
    Mutant("modules: dropout when evaluating", "gpu/modules/base.py", "if layer and self.training and self.dropout", "if layer and self.dropout", "modules"),
    Mutant("modules: direction back not reversed", "gpu/modules/base.py", "reverse=way == 1", "reverse=False", "modules"),
    Mutant("modules: last states in the order of the packing", "gpu/modules/call.py", "last = last if back is None else", "last = last if True else", "modules"),
    Mutant("modules: first state not sorted with the packing", "gpu/modules/call.py", "v.index_select(1, self.packed.sorted_indices)", "v", "modules"),
    # Torch on the CPU: NumPy inside autograd
    Mutant("NumPy in Torch: against time but its inputs", "gpu/fused/__init__.py", "x.flip(0) if reverse else x", "x", "modules gpu_fused"),
    Mutant("NumPy in Torch: outputs against time", "gpu/fused/__init__.py", "y.flip(0) if reverse else y", "y", "modules gpu_fused"),
    Mutant("NumPy in Torch: final state's gradient lost", "gpu/fused/on_numpy.py", "v.numpy(force=True) for v in dlast", "0 * v.numpy(force=True) for v in dlast",
           "gpu_fused"),
    Mutant("NumPy in Torch: huge padding", "gpu/fused/on_numpy.py", "x = torch.where(mask[:, None], x, 0)", "pass", "gpu_fused"),
    Mutant("NumPy in Torch: change in place unseen", "gpu/fused/on_numpy.py", "ctx.save_for_backward(x, y, *tensors",
           "ctx.save_for_backward(x.clone(), y.clone(), *tensors", "gpu_on_numpy"),
    Mutant("NumPy in Torch: traced as constants", "gpu/fused/on_numpy.py", "or is_in_torch_dispatch_mode()", "", "gpu_on_numpy"),
    Mutant("NumPy in Torch: second derivative without a word", "gpu/fused/on_numpy.py", "if twice else grads", "if False else grads", "gpu_fused"),
    Mutant("NumPy in Torch: warns of NaN", "gpu/fused/on_numpy.py", 'np.errstate(all="ignore")', "np.errstate()", "gpu_on_numpy"),
    Mutant("NumPy in Torch: rows with gaps", "gpu/fused/__init__.py", ".flatten(0, 1).contiguous()", ".flatten(0, 1)", "modules"),
    Mutant("oneDNN: product not written", "gpu/fused/on_numpy.py", "np.copyto(out, y)", "pass", "gpu_on_numpy"),
    Mutant("oneDNN: W not turned", "reference/fused/buffers.py", "np.ascontiguousarray(W.T)", "np.ascontiguousarray(W)", "gpu_on_numpy"),
    # tasks with known answers
    Mutant("adding: marks anywhere", "tasks/adding.py", "rng.integers(half, T, B)])", "rng.integers(T, size=B)])", "tasks_adding"),
    Mutant("adding: mean in place of sum", "tasks/adding.py", "(x[:, 0] * x[:, 1]).sum(axis=0)", "(x[:, 0] * x[:, 1] / 2).sum(axis=0)", "tasks_adding"),
    Mutant("adding: a window that forgets the second half", "tasks/adding.py", "return (2 - seen) / 12", "return (2 - min(seen, 1)) / 12", "tasks_adding"),
    Mutant("adding 1997: scaled by two", "tasks/adding.py", "values.sum(axis=0)[None, None] / 4", "values.sum(axis=0)[None, None] / 2", "tasks_adding"),
    Mutant("adding 1997: first pair counts", "tasks/marked_pairs.py", "values = np.where(at_start, neutral, x[places, 0, column])",
           "values = x[places, 0, column]", "tasks_adding"),
    Mutant("adding 1997: one pair marked twice", "tasks/marked_pairs.py", "places[1] += places[1] >= places[0]", "places[1] += 0", "tasks_adding"),
    Mutant("adding 1997: end not marked", "tasks/marked_pairs.py", "x[lengths - 1, 1, column] = -1", "x[-1, 1, column] = -1", "tasks_adding"),
    Mutant("adding 1997: lengths without the longest", "tasks/marked_pairs.py", "T + T // 10 + 1, B)", "T + T // 10, B)", "tasks_adding"),
    Mutant("adding 1997: baseline without the rare case", "tasks/adding.py", "(2 - starts(T, early)) / 48", "2 / 48", "tasks_adding"),
    Mutant("multiplication: baseline without the rare case", "tasks/multiplication.py", "(1 - p) / 4 + p / 2, (1 - p) / 9 + p / 3", "1 / 4, 1 / 9", "tasks_adding"),
    Mutant("temporal order: places counted from 0", "tasks/temporal_order.py", "for low, high in places]) - 1", "for low, high in places])", "tasks_temporal_order"),
    Mutant("temporal order: the last mark counts most", "tasks/temporal_order.py", "2 ** np.arange(len(at))[::-1] @ marks", "2 ** np.arange(len(at)) @ marks",
           "tasks_temporal_order"),
    Mutant("temporal order: window one step too long", "tasks/temporal_order.py", "place > L - k for", "place >= L - k for", "tasks_temporal_order"),
    Mutant("temporal order: E among the letters", "tasks/temporal_order.py", "rng.integers(4, 8, (", "rng.integers(3, 8, (", "tasks_temporal_order"),
    Mutant("copy: asked one step early", "tasks/copy_memory.py", "asked = N + recall + np.arange(recall)[:, None]", "asked = N + recall - 1 + np.arange(recall)[:, None]",
           "tasks_copy_memory"),
    Mutant("copy: baseline over the wait alone", "tasks/copy_memory.py", "/ (blanks + 2 * recall)", "/ (blanks + recall)", "tasks_copy_memory"),
    Mutant("2a: the key repeats nothing", "tasks/long_lag.py", "whole = np.concatenate([key, middle, key])",
           "whole = np.concatenate([key, middle, p - 1 + rng.integers(2, size=key.shape)])", "tasks_long_lag"),
    Mutant("2b: judged at every step", "tasks/long_lag.py", "p, slice(-1, None))", "p, slice(None))", "tasks_long_lag"),
    Mutant("2b: the keys in the middle too", "tasks/long_lag.py", "rng.integers(p - 1, size=(p - 1, B))", "rng.integers(p + 1, size=(p - 1, B))", "tasks_long_lag"),
    Mutant("2c: one distractor too few", "tasks/long_lag.py", "q + rng.geometric(stop, B) + 2", "q + rng.geometric(stop, B) + 1", "tasks_long_lag"),
    Mutant("2c: the key leaks into the last distractor", "tasks/long_lag.py", "b, x + key, e\n", "b, x + key, e\n    ids[lengths - 2, column] = key % p\n",
           "tasks_long_lag"),
    Mutant("Reber: T leads back to the wrong state", "tasks/reber.py", '(("T", 3), ("V", 5))', '(("T", 2), ("V", 5))', "tasks_reber"),
    Mutant("Reber: closing letters swapped", "tasks/reber.py", "states.append(((letter, after_P + 1),))",
           'states.append((({"T": "P", "P": "T"}[letter], after_P + 1),))', "tasks_reber"),
    Mutant("Reber: one letter twice as probable", "tasks/reber.py", "rng.integers(len(self.states[state]))", "rng.integers(3) % len(self.states[state])",
           "tasks_reber"),
    Mutant("Reber: a piece taken for a string", "tasks/reber.py", "return not self.states[self.path(text)[-1]] or self.endless",
           "return bool(self.path(text))", "tasks_reber"),
    Mutant("Reber: visits of the transposed graph", "tasks/reber.py", "np.linalg.solve(np.eye(n) - P.T, np.eye(n)[0])", "np.linalg.solve(np.eye(n) - P, np.eye(n)[0])",
           "tasks_reber"),
    Mutant("Reber: what may come now, not next", "tasks/reber_prediction.py", "probabilities[:T, :, b] = grammar.table[:, path[1:-1]].T",
           "probabilities[:T, :, b] = grammar.table[:, path[:-2]].T", "tasks_reber"),
    Mutant("Reber: one legal letter on top is enough", "tasks/reber_prediction.py", "np.where(legal, outputs, np.inf).min(axis=1)",
           "np.where(legal, outputs, -np.inf).max(axis=1)", "tasks_reber"),
    Mutant("Reber: padding is judged", "tasks/reber_prediction.py", "np.where(legal, outputs, np.inf).min(axis=1) >",
           "np.where(legal, outputs, np.where(legal.any(axis=1, keepdims=True), np.inf, -np.inf)).min(axis=1) >", "tasks_reber"),
    Mutant("Reber: longer strings in the test", "tasks/reber_prediction.py", "for i in rng.permutation(train + test)]", "for i in range(train + test)]", "tasks_reber"),
    Mutant("Reber: error in place of its square", "tasks/reber_prediction.py", "np.eye(len(VOCABULARY))[ids[1:]]) ** 2", "np.eye(len(VOCABULARY))[ids[1:]])", "tasks_reber"),
    Mutant("pronoun: he is the speaker", "tasks/pronoun.py", "NAMES[meant], \".\"], kind, NAMES[meant]", "NAMES[meant], \".\"], kind, NAMES[speaker]", "tasks_pronoun"),
    Mutant("pronoun: people speak about themselves", "tasks/pronoun.py", "rng.integers(1, len(NAMES), B)", "rng.integers(len(NAMES), size=B)", "tasks_pronoun"),
    Mutant("pronoun: the past tells always", "tasks/pronoun.py", "zip(rng.integers(2, size=B), meant", "zip(rng.integers(1, size=B), meant", "tasks_pronoun"),
    Mutant("backwards over the padding", "tasks/alignment.py", "np.where(steps < lengths, lengths - 1 - steps, -1)", "np.where(steps < lengths, len(steps) - 1 - steps, -1)",
           "tasks_alignment"),
    Mutant("in order: rank in place of place", "tasks/alignment.py", "ranked = np.argsort(np.where(steps < lengths, source, symbols), axis=0)",
           "ranked = np.argsort(np.argsort(np.where(steps < lengths, source, symbols), axis=0), axis=0)", "tasks_alignment"),
    Mutant("alignment: the end is judged too", "tasks/alignment.py", "return float(at[asked].mean())", "return float(at[self.mask].mean())", "tasks_alignment"),
    Mutant("solved: border counts as right", "tasks/success.py", "errors >= tolerance", "errors > tolerance", "tasks_success"),
    Mutant("solved: one sequence late", "tasks/success.py", "int(np.argmax(good)) + window if", "int(np.argmax(good)) + window + 1 if", "tasks_success"),
    Mutant("solved: padding counts", "tasks/success.py", "np.where(mask, errors, 0).max(axis=0)", "errors.max(axis=0)", "tasks_success"),
    Mutant("digits: turned round", "tasks/moving_digits.py", "x[t, rows[..., :, None], columns[..., None, :], b]", "x[t, rows[..., None, :], columns[..., :, None], b]",
           "tasks_moving_digits"),
    Mutant("digits: the first frame may be dark", "tasks/moving_digits.py", "off[0] = False", "off[0] &= True", "tasks_moving_digits"),
    Mutant("digits: through the wall", "tasks/moving_digits.py", "np.where(far > room, 2 * room - far, far)", "far % room", "tasks_moving_digits"),
    # the fast twins
    Mutant("fast twin: no bias", F + "buffers.py", "V[:, -1] = 1", "V[:, -1] = 0", "fused"),
    Mutant("fast twin: a piece without its first step", F + "buffers.py", "slice(max(0, end - n), end)", "slice(max(0, end - n + 1), end)", "fused"),
    Mutant("fast twin: gradient of the last piece alone", F + "buffers.py", "now if total is None else", "now if True else", "fused"),
    Mutant("fast twin: symbol that comes twice counted once", F + "buffers.py", "np.add(row, column, out=row)", "row[:] = column", "fused"),
    Mutant("fast twin: what is at padding gets through", F + "buffers.py", "np.where(mask[:, None], y, 0)", "y", "fused"),
    Mutant("fast twin: gradient lost at padding", F + "buffers.py", "np.where(real, 0, dh)", "0 * dh", "fused"),
    Mutant("fast twin: the state of padding", F + "elman.py", "np.copyto(h_t, v[:H], where=~mask[t])", "pass", "fused"),
    Mutant("fast twin: logistic gates not halved", F + "lstm.py", "W[:-H] *= 0.5", "W[:-H] *= 1", "fused"),
    Mutant("fast twin: padding forgets", F + "lstm.py", "np.copyto(i_f[H:], 1,", "np.copyto(i_f[H:], 0,", "fused"),
    Mutant("fast twin: o sees the old c", F + "lstm.py", "np.multiply(p_o, c_t, out=written)", "np.multiply(p_o, g_c[H:], out=written)", "fused"),
    Mutant("fast twin: p_o from the old c", F + "lstm_backward.py", 'if k == "p_o" else', 'if k != "p_o" else', "fused"),
    Mutant("fast twin: no way through o's peephole", F + "lstm_backward.py", 'read += p["p_o"] * J_o', "read += 0", "fused"),
    Mutant("fast twin: no way through f's peephole", F + "lstm_backward.py", 'keep += p["p_f"] * J_if[:, H:]', "keep += 0", "fused"),
    Mutant("fast twin: coupled gate keeps what it writes", F + "lstm_backward.py", "np.subtract(1, i, out=keep)", "keep[:] = i", "fused"),
    Mutant("fast twin: truncated gradient not cut", F + "lstm_backward.py", "if cut:", "if False:", "fused"),
    Mutant("fast twin: J of o without tanh c", F + "lstm_backward.py", "J_o *= tanh_c", "J_o *= 1", "fused"),
    Mutant("fast twin: final state's gradient dropped", F + "lstm_backward.py", "dstate.h.copy(), dstate.c.copy(),", "dstate.h.copy(), 0 * dstate.c,", "fused"),
    Mutant("fast twin: c not centred on the way back", F + "lstm_normalised.py", "dc -= np.dot(short, dn)", "dc -= 0", "fused"),
    Mutant("fast twin: z flipped", F + "gru_backward.py", "J_keep[:] = z", "J_keep[:] = 1 - z", "fused"),
    Mutant("fast twin: reset before the product seen as after", F + "gru_backward.py", "J_r *= h_prev", "J_r *= m", "fused"),
    Mutant("fast twin: GRU writes at padding", F + "gru.py", "np.copyto(z, 1, where=~mask[t])", "pass", "fused"),
    Mutant("checkpoints: every stretch from the first state", F + "checkpoint.py", "run(x[part], state, None if mask is None else mask[part])[2]",
           "run(x[part], states[0], None if mask is None else mask[part])[2]", "fused"),
    Mutant("checkpoints: gradients of one stretch", F + "checkpoint.py", "{k: total[k] + g for k, g in grads.items()} if total else grads", "grads", "fused"),
    Mutant("symbol trainer: gradient not shortened", F + "symbols.py", "slope *= shrink", "pass", "fused"),
    Mutant("symbol trainer: eps beside means of another size", F + "symbols.py", "eps = self.eps / unit", "eps = self.eps", "fused"),
    Mutant("fast twin: one sequence, inputs of the gates not halved", F + "lstm.py", "fed[:, :-H] *= half", "pass", "fused"),
    Mutant("fast twin: one sequence, inputs of r and z not halved", F + "gru.py", "fed_to_it[:, : 2 * H] *= half", "pass", "fused"),
    Mutant("fast twin: one sequence, no bias", F + "buffers.py", "fed += b[:, 0]", "fed += 0 * b[:, 0]", "fused"),
    Mutant("symbol trainer: state not carried", F + "symbols.py", "if self.state is None else self.state", "if True else self.state", "fused"),
    # tasks on real records
    Mutant("rain: the same day is asked for", RAIN, "wet[1:, None, None]", "wet[:-1, None, None]", "tasks_real"),
    Mutant("rain: asked one day further on", RAIN, "wet[1:, None, None]", "np.roll(wet, -1)[1:, None, None]", "tasks_real"),
    Mutant("rain: standardised by all days", RAIN, "known = x[:a, 1:5]", "known = x[:, 1:5]", "tasks_real"),
    Mutant("rain: a test day in training", RAIN, '("2014-01-01", "2015-01-01")', '("2014-01-02", "2015-01-01")', "tasks_real"),
    Mutant("rain: table counts all years", RAIN, "pattern[task.train], task.targets[task.train, 0, 0]", "pattern, task.targets[:, 0, 0]", "tasks_real"),
    Mutant("rain: table looks at later days", RAIN, "wet[k : k + len(task.date)] << k", "np.roll(wet, -1)[k : k + len(task.date)] << k", "tasks_real"),
    Mutant("records: parts overlap", RECORDS, 'return "test" if u < test', 'return "test" if u < test / 2', "tasks_real"),
    Mutant("records: part by place and not by text", RECORDS, "hashlib.sha256(text.encode())", "hashlib.sha256(text[1:].encode())", "tasks_real"),
    Mutant("records: mask off by one", RECORDS, "mask_from_lengths([len(ids) for ids in encoded])", "mask_from_lengths([len(ids) for ids in encoded])[::-1]", "tasks_real"),
    Mutant("records: end symbol forgotten", RECORDS, "[[*w, END] for w in wanted]", "[[*w] for w in wanted]", "tasks_real"),
    Mutant("records: answers in another order", RECORDS, "Batch(self.ids[:T, chosen], self.classes[None, chosen]", "Batch(self.ids[:T, chosen], self.classes[None, np.sort(chosen)]", "tasks_real"),
    Mutant("records: longest sequence of a batch cut", RECORDS, "T = int(self.mask[:, chosen].sum(axis=0).max())", "T = int(self.mask[:, chosen].sum(axis=0).min())", "tasks_real"),
    Mutant("records: majority of the test", RECORDS, "np.bincount(train).argmax()", "np.bincount(test).argmax()", "tasks_real"),
    Mutant("names: those with two answers stay", "tasks/names.py", "if len(tables) == 1}", "if len(tables) >= 1}", "tasks_real"),
    Mutant("names: endings counted in the test", "tasks/names.py", "zip(task.train.texts, task.train.classes)", "zip(part.texts, part.classes)", "tasks_real"),
    Mutant("sentiment: repeated sentences in two parts", "tasks/sentiment.py", 'part_of(" ".join(w)) == p', 'part_of(" ".join(w) + p) == p', "tasks_real"),
    Mutant("sentiment: padding counts as a word", "tasks/sentiment.py", "[part.ids] * part.mask", "[part.ids]", "tasks_real"),
    Mutant("sentiment: without the prior", "tasks/sentiment.py", "return prior +", "return", "tasks_real"),
    Mutant("dna: windows of base and class apart", "tasks/dna.py", "np.concatenate(np.split(a[: each * T], each), axis=1) for a in self)",
           "np.concatenate(np.split(a[: each * T], each), axis=1) for a in (self.ids, np.roll(self.classes, 1, axis=0)))", "tasks_real"),
    Mutant("dna: strands swapped", "tasks/dna.py", "np.where(genome.forward, 1, np.where(genome.backward, 2, 0))",
           "np.where(genome.forward, 2, np.where(genome.backward, 1, 0))", "tasks_real"),
    Mutant("dna: a test block in training", "tasks/dna.py", '"train", "train", "train", "valid", "train", "train", "train", "test")',
           '"train", "train", "train", "valid", "train", "train", "test", "train")', "tasks_real"),
    Mutant("dna: the second copy is read too", "tasks/dna.py", "REPEAT = 128_214", "REPEAT = 154_478", "tasks_real"),
    Mutant("dna: window one base off", "tasks/dna.py", "np.minimum(at + radius + 1, BLOCK)", "np.minimum(at + radius, BLOCK)", "tasks_real"),
    Mutant("ecg: beats one sample late", "tasks/ecg.py", "peaks[kept] - 1, width", "peaks[kept], width", "tasks_real"),
    Mutant("ecg: learns from later seconds", "tasks/ecg.py", "slice(0, CALM * HZ - 1)", "slice(0, CALM * HZ + 90)", "tasks_real"),
    Mutant("ecg: altered one sample late", "tasks/ecg.py", "narrow[changed] + 1:", "narrow[changed] + 2:", "tasks_real"),
    Mutant("ecg: ties count whole", "tasks/ecg.py", "(difference == 0).mean() / 2", "(difference == 0).mean()", "tasks_real"),
    Mutant("ecg: linear prediction fitted on the test", "tasks/ecg.py", "fit = slice(0, task.train.stop - N + 1)",
           "fit = slice(100, task.train.stop - N + 101)", "tasks_real"),
    Mutant("depth: a path one step too short", "reference/depth.py", "if t > e.delay]", "if t > e.delay + 1]", "depth"),
    Mutant("depth: any cycle will do", "reference/depth.py", "    while better:\n        best, value = better", "    if better:\n        best, value = better", "depth"),
    Mutant("depth: delays count nothing in d_f", "reference/depth.py", "1 - depth * e.delay for e in", "1 for e in", "depth"),
    Mutant("depth: shortest is longest", "reference/depth.py", "-1 if shortest else 1", "1", "depth"),
    Mutant("depth: a node waits for one of those it needs", "reference/depth.py", "best[a] + weight > best[node]", "best[a] + weight < best[node]", "depth"),
    Mutant("lookahead: one step too far", "tasks/lookahead.py", "symbols[before + k : before + k + T]", "symbols[before + k + 1 :][:T]", "tasks_lookahead"),
    Mutant("lookahead: answered without the delay", "tasks/lookahead.py", "slice(before + delay, before + delay + T)", "slice(before, before + T)", "tasks_lookahead"),
    Mutant("lookahead: judged where nothing is asked", "tasks/lookahead.py", "(self.targets == 1))[self.asked]", "(self.targets == 1))[:]", "tasks_lookahead"),
    Mutant("dates: month copied as day", "tasks/dates.py", '{year}-{month}-{int(day):02d}', '{year}-{int(day):02d}-{month}', "tasks_real"),
    Mutant("numbers: the test range is read", "tasks/numbers.py", "if n not in held]", "if n not in RANGES['valid']]", "tasks_real"),
    Mutant("numbers: word one number off", "tasks/numbers.py", "enumerate(words)]", "enumerate(words[1:] + words[:1])]", "tasks_real"),
    Mutant("phrases: words of the test known", "tasks/phrases.py", 'for pair in parts["train"] for w in pair[side]}', 'for p in PARTS for pair in parts[p] for w in pair[side]}', "tasks_real"),
    Mutant("translation: adjective order flipped", TRANSLATION, "[*first, noun.italian[self.plural], *later]", "[*later, noun.italian[self.plural], *first]", "tasks_translation"),
    Mutant("translation: article looks at the noun", TRANSLATION, "self.plural, group[0]), *group", "self.plural, noun.italian[0]), *group", "tasks_translation"),
    Mutant("translation: no agreement over a distance", TRANSLATION, "agreed(self.said, noun.feminine, self.plural)]", "agreed(self.said, False, self.plural)]", "tasks_translation"),
    Mutant("translation: gender lost", "tasks/italian.py", "split()[2 * feminine + plural]", "split()[plural]", "tasks_translation"),
    Mutant("translation: number lost", "tasks/italian.py", "split()[2 * feminine + plural]", "split()[2 * feminine]", "tasks_translation"),
    Mutant("translation: held-out pairs in training", TRANSLATION, "(held if phrase.held else known)", "(held if phrase.held and len(held) < test else known)", "tasks_translation"),
    Mutant("translation: what is said is not held out", TRANSLATION, "*([self.said] if self.said else [])", "", "tasks_translation"),
    Mutant("translation: phrases twice", TRANSLATION, "[tuple(phrase.english)] = phrase", "[len(known) + len(held)] = phrase", "tasks_translation"),
    Mutant("translation: s before a vowel is hard", "tasks/italian.py", 'word[0] == "s" and word[1] not in "aeiou"', 'word[0] == "s"', "tasks_translation"),
    # arrays as users have them
    Mutant("the first cache keeps the caller's state", "reference/unroll.py", "state = type(state)(*map(np.copy, state))",
           "state = type(state)(*state)", "user_arrays"),
    Mutant("the way back looks at the caller's mask", "reference/sequences.py", "Steps(caches, checks.mask(mask, len(y), y.shape[2]), y.shape[2])",
           "Steps(caches, mask, y.shape[2])", "user_arrays"),
    Mutant("clipping by a NumPy scalar widens float32", "reference/clipping.py", "norm, max_norm = global_norm(grads), float(max_norm)",
           "norm = global_norm(grads)", "user_arrays"),
    Mutant("settings as NumPy scalars widen float32", "reference/optimizers.py", "object.__setattr__(optimizer, name, float(value))",
           "pass", "user_arrays"),
    Mutant("gradients of another precision are taken", "reference/optimizer_fit.py", "if p.dtype != arrays[k].dtype:",
           "if False:", "user_arrays"),
    Mutant("identity ignores the dtype", "reference/initializers.py", "return (scale * np.eye(shape[0])).astype(dtype)",
           "return scale * np.eye(shape[0], dtype=dtype)", "user_arrays"),
    # figures and tables
    Mutant("table: the solved rows alone", "results.py", "for label in runs if rows is None else rows:\n        values", "for label in runs:\n        values", "results_table"),
    Mutant("table: what is missing is zero", "results.py", '{None: "–", True', '{None: "0", True', "results_table"),
    Mutant("drawn: the output gate sees the old memory", "plots/lstm.py", '(6.2, "o")', '(1.0, "o")', "plots_lstm"),
    Mutant("drawn: 1997 with a forget gate", "plots/lstm.py", 'k != "f" or variant in ("1999", "peephole")', 'k != "f" or variant != "coupled"', "plots_lstm"),
    Mutant("drawn: the reset gate on the other side", "plots/gated.py", 'STATIONS if variant == "before" else', 'STATIONS if variant == "after" else', "plots_lstm"),
    Mutant("by length: failures as successes", "plots/by_length.py", 'row["solved"] / row["trials"]', 'len(row["after"]) / row["trials"]', "plots_by_length"),
    Mutant("by length: failed trials not drawn", "plots/by_length.py", 'for n in row["after"] if n is None]', "for n in ()]", "plots_by_length"),
    Mutant("by length: one place for all models", "plots/by_length.py", "lengths * 1.06 ** (k - (len(runs) - 1) / 2)", "lengths", "plots_by_length"),
    Mutant("timed spikes: one step late", "tasks/timed_spikes.py", "targets[F - 1 :: F]", "targets[F::F]", "tasks_timed_spikes"),
    Mutant("timed spikes: the whole tolerance passes", "tasks/timed_spikes.py", ">= tolerance", "> tolerance", "tasks_timed_spikes"),
    Mutant("timed spikes: wrong only where all outputs are", "tasks/timed_spikes.py", ").any(axis=1)", ").all(axis=1)", "tasks_timed_spikes"),
    Mutant("timed spikes: the last error in place of the first", "tasks/timed_spikes.py", "wrong.argmax(axis=0)", "len(wrong) - 1 - wrong[::-1].argmax(axis=0)", "tasks_timed_spikes"),
    # the museum's second room
    Mutant("museum: a gradient that is missing passes", "museum_gates.py", "want[k]) for k in params)", "want[k]) for k in found)", "museum_gates"),
    Mutant("museum: a gate's name taken for a parameter", "museum_gates.py", "set(groups.get(name, [name]))", "{name}", "museum_gates"),
    Mutant("museum: random state where zero was asked", "museum_gates.py", ' * (state == "random")', "", "museum_gates"),
    Mutant("museum: errors of the step before", "museum_gates.py", "for s, y_t in zip(tape, y)) / n", "for s, y_t in zip(tape[1:], y)) / n", "museum_gates"),
]

CONFIG = """[pytest]
addopts = --strict-markers --import-mode=importlib
markers =
    equation(label): as in the project
    cuda: as in the project
filterwarnings = error
"""


def original(to: Path) -> Path:
    """The package's Python files, its data and the tests, in a folder of their own, compiled."""
    shutil.copytree(ROOT / "rnncore", to / "rnncore", ignore=lambda folder, names: [
        n for n in names if n == "__pycache__" or (
            not n.endswith(".py") and Path(folder).name != "data" and not (Path(folder) / n).is_dir())])
    (to / "tests").mkdir()
    for name in TESTS:
        shutil.copy2(ROOT / "tests" / name, to / "tests")
    (to / "pytest.ini").write_text(CONFIG)
    compileall.compile_dir(to / "rnncore", quiet=1)
    found = run_tests(to, ["--collect-only", "tests"], compiled=True)  # pytest compiles the tests in its own way
    if found["code"] != 0:
        raise RuntimeError(f"the tests cannot be collected:\n{found['log']}")
    return to


def copy(of: Path, to: Path) -> Path:
    """All files of the original, as links."""
    return shutil.copytree(of, to, copy_function=os.link, dirs_exist_ok=True)


def plant(mutant: Mutant, root: Path) -> None:
    """Write the fault into the copy, in a file of its own, and forget what had been compiled from the old one."""
    path = root / "rnncore" / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: the text to replace occurs {text.count(mutant.old)} times in {mutant.file}")
    path.unlink()
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    Path(importlib.util.cache_from_source(path)).unlink()


class Recorder:
    """A pytest plugin: which tests failed, how many ran."""

    def __init__(self) -> None:
        self.failed, self.ran = [], 0

    def pytest_runtest_logreport(self, report) -> None:
        self.ran += report.when == "call"
        if report.failed:
            self.failed.append(report.nodeid)


def child(root: Path, tests: list[str], report: Path, compiled: bool) -> None:
    """In the forked process: run the tests on the copy and write what happened."""
    import pytest

    sys.dont_write_bytecode = not compiled
    signal.alarm(300)  # a fault may have made a loop without end
    os.chdir(root)
    sys.path[:] = [str(root), *(p for p in sys.path if Path(p or ".").resolve() not in (ROOT, ROOT / "tests"))]
    recorder, log = Recorder(), io.StringIO()
    sys.stdout = sys.stderr = log
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-c", str(root / "pytest.ini"), "--rootdir", str(root), *tests], [recorder])
    import rnncore

    own = Path(rnncore.__file__).is_relative_to(root)  # else another package was tested
    report.write_text(json.dumps({"code": int(code) if own else 99, "failed": recorder.failed, "ran": recorder.ran,
                                  "log": log.getvalue()[-3000:]}))


def run(mutant: Mutant | None, recorded: dict[str, str], of: Path) -> dict:
    """Run the mutant's tests on a copy that has its fault, or all tests that caught one on a copy that has none."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        root = copy(of, Path(folder).resolve())
        if mutant is None:
            result = run_tests(root, sorted(set(recorded.values())) or [f"tests/{name}" for name in TESTS if name.startswith("test_")])
        else:
            plant(mutant, root)
            result = run_tests(root, [recorded[mutant.name]]) if mutant.name in recorded else {"code": 0, "failed": []}
            if not caught(result):
                result = run_tests(root, [f"tests/test_{name}.py" for name in mutant.tests.split()])
    return {"name": mutant.name if mutant else "no fault", "file": mutant.file if mutant else "", **result,
            "seconds": round(time.perf_counter() - start, 2)}


def run_tests(root: Path, tests: list[str], compiled: bool = False) -> dict:
    """Pytest in a forked process; with `compiled` it keeps what it has compiled."""
    report = root / "report.json"
    report.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        try:
            child(root, tests, report, compiled)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return json.loads(report.read_text()) if report.exists() else {"code": 98, "failed": [], "ran": 0, "log": "the tests did not end"}


def run_all(mutants) -> list[dict]:
    """All mutants, as many at a time as there are processors."""
    os.environ.update(OMP_NUM_THREADS="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    import hypothesis  # noqa: F401  (loaded once, before the processes part)
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import torch

    torch.set_num_threads(1)
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        of = original(Path(folder).resolve())
        return list(pool.map(lambda mutant: run(mutant, recorded, of), mutants))


def caught(result: dict) -> bool:
    """A test failed; an error on import or in pytest itself does not count."""
    return result["code"] == 1 and bool(result["failed"])


def main(arguments: list[str]) -> int:
    chosen = [m for m in MUTANTS if not (words := [a for a in arguments if not a.startswith("--")]) or any(w in m.name for w in words)]
    results = run_all([None, *chosen])
    if "--json" in arguments:
        print(json.dumps(results))
        return 0
    healthy, *rest = results
    print(f"without a fault: {healthy['ran']} tests, {'all pass' if healthy['code'] == 0 else 'FAILING: ' + str(healthy['failed'])}\n")
    for m, r in zip(chosen, rest):
        verdict = "caught" if caught(r) else "MISSED"
        print(f"{verdict}  {m.name:<42} {m.file:<26} {r['failed'][0].split('::')[-1] if r['failed'] else r['log'][-200:]}")
    missed = [r["name"] for r in rest if not caught(r)]
    if "--record" in arguments:
        names = {m.name for m in MUTANTS}
        known = {k: v for k, v in (json.loads(RECORD.read_text()) if RECORD.exists() else {}).items() if k in names}
        known |= {r["name"]: r["failed"][0] for r in rest if caught(r)}
        RECORD.write_text(json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(f"\n{len(rest) - len(missed)} of {len(rest)} caught, {sum(r['seconds'] for r in results):.0f} s of work")
    return bool(missed) or healthy["code"] != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
