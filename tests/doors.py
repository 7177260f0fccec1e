"""Good arguments for every public function (`DOORS`), and ways to spoil an argument by what it is (`spoilt`)."""

import importlib

import numpy as np
import torch

from rnncore import convert, decoding, training
from rnncore.reference import (
    GRU, LSTM, Batch, Elman, Embedding, EncoderDecoder, Jordan, Model, Readout,
    Untied, depth, fused, optimizers, run, unroll,
)  # fmt: skip
from rnncore.reference.chunker import Chunker
from rnncore.reference.evolution import SNES
from rnncore.reference.memory_blocks import MemoryBlocks, generators
from rnncore.tasks import recall, sunspots, text_stream
from rnncore.tasks.lookahead import lookahead
from rnncore.text import Vocabulary

D, H, K, B, T = 3, 4, 3, 2, 5
X, IDS = np.random.default_rng(0).standard_normal((T, D, B)), np.arange(T * B).reshape(T, B) % D
CELL, MODEL, READOUT = LSTM(D, H), Model(GRU(D, H), Readout(H, K)), Readout(H, K)
P, PM = CELL.init(np.random.default_rng(1)), MODEL.init(np.random.default_rng(1))
STATE, CACHES, TAPE = CELL.initial_state(B), unroll(CELL, P, X)[2], fused.forward(CELL, P, X)[2]
PAIR = EncoderDecoder(GRU(D, H), GRU(D, H), READOUT)
STEP, FIRST = PAIR.stepper(PAIR.init(np.random.default_rng(0)), X[:, :, :1])
TRIALS, SPINS = Chunker(D, 3, 2), np.where(np.random.default_rng(0).random((6, 2)) < 0.5, -1.0, 1.0)
WEIGHTS, GRADS = np.eye(6), {k: 0.1 * p for k, p in P.items()}
BLOCKS = MemoryBlocks(D, K, 3)
FOUR = dict(net=BLOCKS, params=BLOCKS.init(generators(0, 4)), rngs=generators(0, 4), draw=lambda rng, B: (rng.integers(D, size=(T, B)), np.full(B, T), np.ones((K, B))))
BITS = np.arange(60) % 2
TASK = sunspots.load()
AR = sunspots.autoregression(TASK, 2)
ELMAN, COUPLED = Elman(D, H), LSTM(D, H, "coupled")
PE = ELMAN.init(np.random.default_rng(0))
STREAM = text_stream.TextStream(np.arange(60) % K, K, 2, 5)
RNG = np.random.default_rng(0)


def rng():
    return np.random.default_rng(0)


def of_update(optimizer):
    return lambda params, grads: optimizer.update(params, grads, optimizer.init(P))


def quadratic(params):
    return sum((p * p).sum() for p in params.values())


# door -> (call or None for the function itself, good arguments)
DOORS = {
    # cells and structures: the settings of each, its first values, its first state
    "reference.elman.Elman": (None, dict(D=D, H=H, activation="tanh")),
    "reference.lstm.LSTM": (None, dict(D=D, H=H, variant="1999")), "reference.gru.GRU": (None, dict(D=D, H=H, variant="after")),
    "reference.jordan.Jordan": (None, dict(D=D, H=H, K=K, activation="tanh", decay=0.5)),
    "reference.readout.Readout": (None, dict(H=H, K=K)), "reference.embedding.Embedding": (None, dict(K=K, D=D)),
    "reference.stacked.Stacked": (None, dict(parts=(CELL,), dropout=0.5)),
    "reference.bidirectional.Bidirectional": (None, dict(ahead=CELL, back=CELL)),
    "reference.attention.Attention": (None, dict(kind="additive", Q=H, M=H, A=3)),
    "reference.bridge.Bridge": (None, dict(kind="copy", encoder=CELL, decoder=CELL)),
    "reference.encoder_decoder.EncoderDecoder": (None, dict(encoder=CELL, decoder=CELL, readout=READOUT, bridge="copy", start=0, looks="before")),
    "reference.model.Model": (None, dict(cell=CELL, readout=READOUT, loss="squared_error", output="every")),
    "reference.untied.Untied": (None, dict(cell=CELL, readout=READOUT, T=3, loss="squared_error")),
    "reference.teacher_forced.TeacherForced": (None, dict(cell=Jordan(D, H, K), loss="softmax_cross_entropy")),

    "reference.delay_line.InputWindow": (None, dict(D=D, H=H, N=2, activation="tanh")),
    "reference.delay_line.OutputLoop": (None, dict(D=D, H=H, K=K, N=2, activation="tanh")),
    "reference.chunker.Chunker": (None, dict(D=D, H_A=3, H_C=2, threshold=0.5, mimic=1.0, back=2)),
    "reference.memory_blocks.MemoryBlocks": (None, dict(D=D, K=K, blocks=2, size=2, output_gate=True, forget_gate=True, peephole=True, recurrent="cells",
        shortcut=True, bias="gates", output_bias=True, g="identity", h="logistic", output="identity")),
    "reference.memory_blocks.MemoryBlocks.init": (BLOCKS.init, dict(rngs=generators(0, 2), scale=0.1, in_=-1.0)),
    "reference.memory_blocks.MemoryBlocks.start": (BLOCKS.start, dict(N=4)), "reference.memory_blocks.generators": (None, dict(seed=1, N=2)),
    "reference.memory_blocks_sequences.run_to_end": (None, dict(net=BLOCKS, params=FOUR["params"], x=IDS[:, [0, 1, 0, 1]], starts=np.arange(4), learns=True)),
    "reference.memory_blocks_trials.OnlineTrials": (None, FOUR | dict(lr=0.5, tolerance=0.3, window=20, mean_below=0.1, block=10)),
    "reference.memory_blocks_trials.frozen_errors": (None, FOUR | dict(sequences=3, block=2)),
    # forward and backward by the name of what runs
    "reference.unroll.unroll": (None, dict(cell=CELL, params=P, x=X, state=STATE, mask=np.ones((T, B)))),
    "reference.unroll.unroll_backward": (None, dict(cell=CELL, params=P, dy=np.ones((T, H, B)), dstate=STATE, caches=CACHES, mask=np.ones((T, B)))),
    "reference.unroll.truncated_backward": (None, dict(cell=CELL, params=P, dy=np.ones((T, H, B)), caches=CACHES, k1=2, k2=3)),
    "reference.sequences.run": (None, dict(part=CELL, params=P, x=X, state=STATE)),
    "reference.sequences.run_backward": (None, dict(part=CELL, params=P, dy=np.ones((T, H, B)), dstate=STATE, memory=run(CELL, P, X)[2])),
    "reference.sequences.last": (None, dict(part=CELL, final=STATE)), "reference.sequences.from_last": (None, dict(part=CELL, dh=np.ones((H, B)))),
    "reference.fused.forward": (None, dict(cell=CELL, params=P, x=X, state=STATE)),
    "reference.fused.checkpointed": (None, dict(cell=CELL, params=P, x=X, state=STATE, every=2)),
    "reference.fused.backward": (None, dict(cell=CELL, params=P, dy=np.ones((T, H, B)), dstate=STATE, memory=TAPE)),
    "reference.fused.twin": (None, dict(cell=CELL)),
    "reference.fused.symbols.SymbolTrainer": (None, dict(cell=GRU(D, H), params=PM, lr=0.1, max_norm=1.0)),
    "reference.fused.symbols.SymbolTrainer.step": (lambda **a: fused.symbols.SymbolTrainer(GRU(D, H), PM).step(**a), dict(ids=IDS, targets=IDS)),
    "reference.rtrl.rtrl": (None, dict(cell=CELL, params=P, x=X, state=STATE, d_loss=lambda t, h: h)),
    # cell diagrams
    "reference.diagrams.Diagram": (None, dict(edges=(("x", "h", 0), ("h", "h", 1), ("h", "o", 0)), inputs=("x",), outputs=("o",))),
    "reference.diagrams.cell": (None, dict(layers=2, transition=2, output=2, skip=3)), "reference.diagrams.stacked": (None, dict(L=2)),
    "reference.diagrams.deep_transition": (None, dict(k=2)), "reference.diagrams.deep_output": (None, dict(k=2)), "reference.diagrams.skipping": (None, dict(s=2)),
    **{f"reference.depth.{name}": (None, dict(diagram=depth.vanilla())) for name in ("recurrent_depth", "feedforward_depth", "skip_coefficient", "deepest_cycle",
                                                                                  "shortest_cycle", "deepest_path")},
    **{f"reference.depth.{name}": (None, dict(diagram=depth.vanilla(), T=2)) for name in ("unrolled", "rounds", "longest_path")},
    "reference.depth.over_steps": (None, dict(diagram=depth.vanilla(), n=2)),
    "reference.structures.one_to_many": (None, dict(x=X[0], T=3)), "reference.structures.one_to_many_backward": (None, dict(dx=X)),
    "reference.lengths.mask_from_lengths": (None, dict(lengths=np.array([1, 2]), T=4)),
    "reference.lengths.lengths_from_mask": (None, dict(mask=np.ones((T, B)))),
    "reference.embedding.Embedding.forward": (Embedding(K, D).forward, dict(params={"E": np.ones((D, K))}, ids=IDS)),
    "reference.embedding.Embedding.backward": (Embedding(K, D).backward, dict(dx=X, ids=IDS)),
    "reference.readout.Readout.forward": (READOUT.forward, dict(params={k: PM[k] for k in "Vc"}, h=np.ones((T, H, B)))),
    "reference.readout.Readout.backward": (READOUT.backward, dict(params={k: PM[k] for k in "Vc"}, do=np.ones((T, K, B)), h=np.ones((T, H, B)))),
    "reference.model.Model.forward": (MODEL.forward, dict(params=PM, x=X, state=MODEL.initial_state(B))),
    "reference.model.Model.loss_and_gradients": (MODEL.loss_and_gradients, dict(params=PM, batch=Batch(X, IDS), reduction="mean")),
    "reference.model.Model.loss_value": (MODEL.loss_value, dict(params=PM, batch=Batch(X, IDS), reduction="mean")),
    "reference.chunker.Chunker.forward": (TRIALS.forward, dict(params=TRIALS.init(np.random.default_rng(0)), ids=IDS[:, None], state=TRIALS.initial_state(B))),
    "reference.chunker.Chunker.loss_and_gradients": (TRIALS.loss_and_gradients, dict(params=TRIALS.init(np.random.default_rng(0)), batch=Batch(IDS[:, None], None))),
    "reference.chunker.Chunker.init": (TRIALS.init, dict(rng=RNG, trials=2)),
    "reference.chunker.Chunker.initial_state": (TRIALS.initial_state, dict(B=2, trials=2)),
    "reference.untied.Untied.forward": (Untied(CELL, READOUT, T).forward, dict(params=Untied(CELL, READOUT, T).init(np.random.default_rng(0)), x=X)),
    "reference.untied.Untied.loss_and_gradients": (Untied(CELL, READOUT, T).loss_and_gradients,
                                                   dict(params=Untied(CELL, READOUT, T).init(np.random.default_rng(0)), batch=Batch(X, IDS), reduction="mean")),
    "reference.losses.softmax_cross_entropy": (None, dict(o=X, targets=IDS, reduction="mean")),
    "reference.losses.squared_error": (None, dict(y=X, targets=X, reduction="mean")),
    "reference.losses.binary_cross_entropy": (None, dict(o=X, targets=np.ones(X.shape), reduction="mean")),
    "reference.initializers.constant": (None, dict(value=1.0)), "reference.initializers.uniform": (None, dict(limit=1.0)),
    "reference.initializers.normal": (None, dict(sd=1.0)), "reference.initializers.orthogonal": (None, dict(gain=1.0)),
    "reference.initializers.identity": (None, dict(scale=1.0)),
    # analysis
    "reference.analysis.step_jacobian": (None, dict(cell=CELL, params=P, x_t=X[0], state=STATE)),
    "reference.analysis.jacobians": (None, dict(cell=CELL, params=P, x=X, state=STATE)),
    "reference.analysis.lag_norms": (None, dict(cell=CELL, params=P, x=X, state=STATE)),
    "reference.analysis.lag_products": (None, dict(J=np.ones((T, 2, 3, 3)))), "reference.analysis.spectral_radius": (None, dict(A=np.eye(3))),
    "reference.analysis.largest_singular_value": (None, dict(A=np.ones((2, 3)))),
    "reference.analysis.gradient_by_lag": (None, dict(cell=CELL, params=P, dstate=STATE, caches=CACHES, field="c")),
    "reference.analysis.recorded": (None, dict(caches=CACHES, name="f")), "reference.analysis.saturation": (None, dict(values=np.ones((T, H, B)), low=0.1, high=0.9)),
    # learning
    **{f"reference.optimizers.{name}.update": (of_update(getattr(optimizers, name)(0.1)), dict(params=P, grads=GRADS))
       for name in ("SGD", "RMSProp", "Adagrad", "Adam", "AdamW")},
    "reference.optimizers.SGD": (None, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)),
    "reference.optimizers.RMSProp": (None, dict(lr=0.1, alpha=0.9, eps=1e-8, weight_decay=0.1)),
    "reference.optimizers.Adagrad": (None, dict(lr=0.1, eps=1e-8, weight_decay=0.1, start=0.1)),
    "reference.optimizers.Adam": (None, dict(lr=0.1, beta1=0.9, beta2=0.9, eps=1e-8, weight_decay=0.1)),
    "reference.optimizers.AdamW": (None, dict(lr=0.1, beta1=0.9, beta2=0.9, eps=1e-8, weight_decay=0.1)),
    "reference.optimizers.Adam.init": (lambda **a: optimizers.Adam(0.1).init(**a), dict(params=P)),
    "reference.schedules.Constant": (None, dict(lr=0.1)), "reference.schedules.Step": (None, dict(lr=0.1, every=2, factor=0.5, first=3)),
    "reference.schedules.Exponential": (None, dict(lr=0.1, factor=0.5)), "reference.schedules.InverseTime": (None, dict(lr=0.1, decay=0.5)),
    "reference.decays.Linear": (None, dict(slope=0.1, k=0.9, floor=0.1)), "reference.decays.Exponential": (None, dict(k=0.9)),
    "reference.decays.InverseSigmoid": (None, dict(k=10.0)),
    "reference.schedules.Cosine": (None, dict(lr=0.1, steps=3, floor=0.05)), "reference.schedules.Warmup": (None, dict(steps=3, then=0.1)),
    "reference.clipping.clip_by_norm": (None, dict(grads=P, max_norm=1.0)), "reference.clipping.clip_by_value": (None, dict(grads=P, limit=1.0)),
    "reference.evolution.SNES": (None, dict(sigma=0.1, population=4, lr=1.0, lr_sigma=0.1)),
    "reference.evolution.SNES.update": (lambda params, rng: SNES().update(
        params, quadratic, SNES().init(P), rng), dict(params=P, rng=RNG)),
    "reference.evolution.SNES.init": (lambda **a: SNES().init(**a), dict(params=P)),
    "reference.evolution.utilities": (None, dict(losses=np.ones(3))),
    # associative memories
    "reference.hopfield.store": (None, dict(patterns=SPINS)), "reference.hopfield.energy": (None, dict(W=WEIGHTS, s=SPINS[:, :1])),
    "reference.hopfield.update": (None, dict(W=WEIGHTS, s=SPINS[:, :1], i=1)),
    "reference.hopfield.recall": (None, dict(W=1 - WEIGHTS, s=SPINS[:, :1], rng=RNG, max_sweeps=3)),
    "reference.hopfield.recall_synchronous": (None, dict(W=WEIGHTS, s=SPINS[:, :1], max_sweeps=3)),
    "reference.hopfield.overlap": (None, dict(s=SPINS[:, :1], pattern=SPINS[:, :1])),
    "reference.hopfield.capacity_experiment": (None, dict(N=10, loads=[0.1], rng=RNG, trials=1, starts=1)),
    "reference.brain_state.store": (None, dict(patterns=SPINS)), "reference.brain_state.run": (None, dict(W=WEIGHTS, x=SPINS, alpha=0.1, steps=2)),
    # tools
    "gradcheck.central_differences": (None, dict(f=quadratic, params={"a": np.ones((2, 1))}, eps=1e-5)),
    "gradcheck.complex_step": (None, dict(f=quadratic, params={"a": np.ones((2, 1))}, eps=1e-30)),
    "gradcheck.check": (None, dict(f=quadratic, params={"a": np.ones((2, 1))}, grads={"a": np.full((2, 1), 2.0)}, method="complex_step", tolerance=1e-7)),
    "gradcheck.compare": (None, dict(grads={"a": np.ones(2)}, numeric={"a": np.ones(2)})),
    "decoding.softmax_at": (None, dict(logits=np.ones(3), tau=1.0)), "decoding.temperature": (None, dict(tau=1.0)),
    "decoding.top_k": (None, dict(k=2, tau=1.0)), "decoding.nucleus": (None, dict(p=0.9, tau=1.0)),
    "decoding.generate": (None, dict(model=MODEL, params=PM, prompt_ids=np.array([0, 1]), n=3, rng=RNG, pick=decoding.temperature())),
    "search.decode": (None, dict(step=STEP, state=FIRST, start=0, end=1, max_steps=3)),
    "search.beam_search": (None, dict(step=STEP, state=FIRST, start=0, end=1, width=2, max_steps=3, length_penalty=0.5)),
    "search.steps_of": (None, dict(model=MODEL, params=PM)),
    "metrics.edit_distance": (None, dict(found=[1, 2], target=[1, 3])),
    "metrics.errors_by_step": (None, dict(said=IDS, targets=IDS, mask=np.ones((T, B), bool))),
    "metrics.perplexity": (None, dict(loss=1.0)), "metrics.bits_per_character": (None, dict(loss=1.0)),
    "metrics.sequence_accuracy": (None, dict(found=[[1]], targets=[[1]])), "metrics.bleu": (None, dict(hypotheses=["a b"], references=["a b"])),
    "text.Vocabulary": (None, dict(symbols=("a", "b"))), "text.Vocabulary.from_text": (Vocabulary.from_text, dict(text="ab")),
    "text.Vocabulary.encode": (Vocabulary("ab").encode, dict(text="ab")), "text.Vocabulary.decode": (Vocabulary("ab").decode, dict(ids=np.array([0, 1]))),
    "text.Vocabulary.one_hot": (Vocabulary("ab").one_hot, dict(ids=np.array([[0], [1]]))),
    # tasks that are in no list of refusals yet
    "tasks.parity.parity": (None, dict(T=3, B=2, rng=RNG)), "tasks.parity.every_sequence": (None, dict(T=3)), "tasks.parity.from_bits": (None, dict(bits=IDS % 2)),
    "tasks.lagged_xor.lagged_xor": (None, dict(T=5, B=2, lag=2, rng=RNG)), "tasks.lagged_xor.floor": (None, dict(T=5, lag=2)),
    "tasks.timed_spikes.timed_spikes": (None, dict(T=5, F=2, B=2)),
    "tasks.timed_spikes.steps_right": (None, dict(outputs=X, targets=X, tolerance=0.49)),
    "tasks.temporal_xor.stream": (None, dict(rng=RNG, threes=4)), "tasks.temporal_xor.pieces": (None, dict(rng=RNG, bits=BITS * 1.0, T=3, B=2)),
    "tasks.lookahead.lookahead": (None, dict(rng=RNG, B=2, T=3, delay=1, past=1)), "tasks.lookahead.bound": (None, dict(k=2, delay=1)),
    "tasks.lookahead.Lookahead.right": (lambda outputs: lookahead(np.random.default_rng(0), 2, T=2).right(outputs), dict(outputs=np.ones((5, 4, 2)))),
    "tasks.temporal_xor.errors_by_place": (None, dict(said=BITS[1:] * 1.0, bits=BITS * 1.0, skip=3)),
    "tasks.order.entropy": (None, dict(ids=IDS[:, 0], K=K)), "tasks.order.conditional_entropy": (None, dict(ids=IDS[:, 0], K=K)),
    "tasks.count_table.table_bits": (None, dict(train=BITS, held=BITS, K=2, order=1, lean=5.0)),
    "tasks.windows.split": (None, dict(values=X[:, 0], train=0.5, validation=0.2)), "tasks.windows.measure": (None, dict(values=np.arange(20.0)[:, None])),
    "tasks.windows.windows": (None, dict(values=np.arange(20.0)[:, None], T=3, stride=1, ahead=1)),
    "tasks.windows.series": (None, dict(values=np.arange(60.0)[:, None], T=3, stride=1, ahead=1)),
    "tasks.text_stream.TextStream": (None, dict(ids=BITS, K=2, B=2, T=5)), "tasks.text_stream.held_out": (None, dict(ids=BITS, share=0.1)),
    "tasks.text_stream.TextChunks": (None, dict(ids=BITS, K=2, B=2, T=5)),
    "tasks.text_stream.mean_loss": (None, dict(model=MODEL, params=PM, stream=STREAM, batches=2)),
    "tasks.recall.recall": (None, dict(rng=RNG, B=2, delays=(1, 3), T=6)), "tasks.recall.answers_right": (None, dict(outputs=np.zeros((6, 1, 4)), episodes=recall.recall(RNG, 4, (1, 3), 6))),
    "tasks.sunspots.load": (None, dict(train_until=1920, valid_until=1955)), "tasks.sunspots.segments": (None, dict(task=TASK, T=60, stride=20)),
    "tasks.sunspots.autoregression": (None, dict(task=TASK, N=2)), "tasks.sunspots.rmse": (None, dict(task=TASK, prediction=np.ones(308), part=slice(3))),
    "tasks.sunspots.one_step": (None, dict(model=AR[0], params=AR[1], task=TASK)),
    "tasks.sunspots.free_run": (None, dict(model=AR[0], params=AR[1], task=TASK, starts=np.array([3, 5]), steps=2)),
    # converters
    "convert.torch_nn.to_torch_nn": (None, dict(net=CELL, params=P)), "convert.torch_nn.from_torch_nn": (None, dict(module=torch.nn.GRU(2, 3))),
    "convert.torch_nn.to_torch_state": (None, dict(part=CELL, state=STATE)), "convert.onnx_export.to_onnx": (None, dict(net=CELL, params=P)),
    "convert.onnx_import.from_onnx": (None, dict(model=convert.to_onnx(CELL, P))), "convert.onnx_states.to_onnx_state": (None, dict(part=CELL, state=STATE)),
    "convert.axes.to_rows": (None, dict(x=X)), "convert.axes.to_columns": (None, dict(x=X)), "convert.weights.uncouple": (None, dict(cell=COUPLED, params=COUPLED.init(np.random.default_rng(0)))),
    "convert.vanilla.to_torch_rnn": (None, dict(cell=ELMAN, params=PE)), "convert.vanilla.from_torch_rnn": (None, dict(module=torch.nn.RNN(2, 3))),
    "convert.vanilla.to_state_dict": (None, dict(cell=ELMAN, params=PE)), "convert.vanilla.from_state_dict": (None, dict(state=torch.nn.RNN(2, 3).state_dict())),
    "convert.vanilla.to_torch_linear": (None, dict(readout=READOUT, params={k: PM[k] for k in "Vc"})),
    "convert.vanilla.from_torch_linear": (None, dict(module=torch.nn.Linear(2, 3))),
    "convert.torch_nn.from_torch_state": (None, dict(part=CELL, state=(torch.zeros(1, B, H), torch.zeros(1, B, H)))),
    "convert.onnx_states.from_onnx_state": (None, dict(part=CELL, outputs={"final_h_0": np.zeros((1, B, H)), "final_c_0": np.zeros((1, B, H))})),
    "training.fit": (lambda **a: training.fit(progress=False, **a), dict(model=MODEL, params=PM, data=lambda step, rng: Batch(X, IDS), optimizer=optimizers.SGD(0.1), steps=1, rng=RNG, validate_every=2)),
}  # fmt: skip


def resolve(door):
    parts = door.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["rnncore", *parts[:n]]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            found = getattr(found, name)
        return found


def spoilt(value):
    """(what is wrong, bad value) for a good one."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        yield "one axis too many", np.broadcast_to(value, (2, 2, *value.shape))
        yield "nothing in it", value[..., :0]
        yield "text", "hello"
        yield "nothing", None
        yield "an object", object()
        if value.dtype.kind == "f":
            yield "integers", value.astype(int)
            yield "NaN", np.where(np.arange(value.size).reshape(value.shape) == 0, np.nan, value)
        else:
            yield "too large", value + 1000
            yield "below zero", value - 1000
            yield "real numbers", value + 0.5
    elif isinstance(value, dict) and isinstance(next(iter(value.values())), np.ndarray):
        first = next(iter(value))
        yield "nothing", None
        yield "empty", {}
        yield "a list", list(value.values())
        yield "lists of numbers", {k: v.tolist() for k, v in value.items()}
        yield "text", value | {first: "hello"}
        yield "NaN", value | {first: value[first] * np.nan}
        yield "integers", value | {first: np.ones(value[first].shape, int)}
        yield "another shape", value | {first: value[first][None]}
        if len(value) > 1:
            yield "another precision", value | {first: value[first].astype(np.float32)}
    elif isinstance(value, bool):
        yield from (("a number", 2), ("text", "yes"), ("nothing", None))
    elif isinstance(value, int):
        yield from (("below zero", -1), ("a fraction", 1.5), ("true", True), ("text", "7"), ("an array", np.ones(2)))
    elif isinstance(value, float):
        yield from (("NaN", np.nan), ("text", "0.5"), ("an array", np.ones(2)), ("true", True))
    elif isinstance(value, str):
        yield from (("unknown", "nonsense"), ("nothing", None), ("a number", 7), ("a list", ["a"]))
    elif isinstance(value, np.random.Generator):
        yield from (("nothing", None), ("a seed", 0), ("a module", np.random), ("of the old kind", np.random.RandomState(0)))
    elif hasattr(value, "_fields"):
        yield from (("an array", np.ones(2)), ("a tuple", tuple(value)), ("text", "hello"), ("a number", 7))
    elif isinstance(value, (list, tuple)):
        yield from (("empty", type(value)()), ("nothing", None), ("a number", 7))
    else:
        yield from (("nothing", None), ("a number", 7), ("text", "hello"), *((("a class", dict),) if not callable(value) else ()))

