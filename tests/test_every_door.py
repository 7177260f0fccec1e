"""Every public function of the package is at some door: here, in another list of refusals, or by name among those behind a door.

`tests/doors.py` has good arguments for each function; what they are decides how they are spoilt. Each spoilt argument must bring
one error of `rnncore.errors` that says what was expected and what came, and the good ones must pass.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import rnncore
from rnncore.errors import RNNCoreError
from rnncore.reference import Attention, Bidirectional, Elman, Embedding, GRU, InputWindow, Jordan, OutputLoop, Stacked, TeacherForced, Untied
from tests.doors import CELL, DOORS, MODEL, PAIR, READOUT, TRIALS, D, H, K, resolve, rng, spoilt
from tests.parts import twin_of


PASSES = re.compile("|".join((  # "door argument: what" that may pass, or whose error is the function's point
    r"\S+ (mask: (nothing|integers)|field: nothing|starts: nothing|in_: nothing|high: true|losses: NaN|text: a list)",
    r"reference\.model\.Model readout: nothing",  # a cell that has its own
    r"\S+ (J|A): one axis too many",  # any axes before those of the matrix
    r"\S+ (s|pattern|patterns): integers",  # ±1
    r"reference\.optimizers\.\w+\.update params: NaN",  # `init` and `fit` look
    r"reference\.(optimizers\.Adam\.init|evolution\.SNES\.(init|update)|clipping\.\w+) \w+: (empty|another shape|another precision)",  # any arrays will do
    r"metrics\.edit_distance \w+: empty",  # nothing is written: all has to be put in
    r"gradcheck\.\w+ (params|numeric): (lists of numbers|another shape)", r"gradcheck\.(check|compare) (grads|numeric): (lists of numbers|NaN|integers)",
    r"tasks\.text_stream\.held_out ids: (too large|below zero)", r"text\.Vocabulary\.from_text text: unknown",
    r"metrics\.errors_by_step \w+: (too large|below zero)",  # any symbols will do
    r"convert\.axes\.\w+ x: (nothing in it|integers|NaN)", r"convert\.onnx_states\.from_onnx_state outputs: (another precision|lists of numbers)",
)))  # fmt: skip
CASES = [(door, argument, what, bad) for door, (_, good) in DOORS.items() for argument, value in good.items() for what, bad in spoilt(value)
         if not PASSES.fullmatch(f"{door} {argument}: {what}")]  # fmt: skip


def refused(call, arguments):
    """One error of ours, that says what was expected and what came."""
    with pytest.raises(RNNCoreError) as caught:
        call(**arguments)
    message = str(caught.value)
    assert "expected" in message and "got" in message or "NaN or infinite" in message or "not in the vocabulary" in message, message


@pytest.mark.parametrize("door", DOORS)
def test_good_arguments_pass(door):
    call, good = DOORS[door]
    (call or resolve(door))(**good)


@pytest.mark.parametrize("door", DOORS)
def test_spoilt_arguments_are_refused(door):
    call, good = DOORS[door]
    for _, argument, what, bad in (case for case in CASES if case[0] == door):
        try:
            refused(call or resolve(door), good | {argument: bad})
        except BaseException as error:
            error.add_note(f"{door}, {argument}: {what}")
            raise


def tensors(value):
    """The same argument for the Torch twin."""
    if hasattr(value, "_fields"):
        return type(value)(*map(tensors, value))
    if isinstance(value, dict):
        return {k: tensors(v) for k, v in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return torch.from_numpy(np.array(value))
    return twin_of(value) if type(value).__module__.startswith("rnncore.reference") and hasattr(value, "initial_state") else value


def on_torch(door):
    """The function of that place in `rnncore.gpu`, or None."""
    if not door.startswith("reference.") or door == "reference.lengths.lengths_from_mask":  # behind the door there
        return None
    *path, name = door.removeprefix("reference.").split(".")
    owner = getattr(DOORS[door][0], "__self__", None)
    try:
        found = getattr(twin_of(owner) if owner is not None else resolve(".".join(["gpu", *path])), name, None)
    except (AttributeError, KeyError):  # what has no twin
        return None
    return found if callable(found) else None


TWINS = {door: found for door in DOORS if (found := on_torch(door)) is not None}


@pytest.mark.parametrize("door", TWINS)
def test_the_torch_twin_refuses_the_same(door):
    good = DOORS[door][1]
    TWINS[door](**tensors(good))
    for _, argument, what, bad in (case for case in CASES if case[0] == door):
        try:
            refused(TWINS[door], tensors(good | {argument: bad}))
        except BaseException as error:
            error.add_note(f"gpu, {door}, {argument}: {what}")
            raise


PARTS = {
    "Elman": Elman(D, H), "LSTM": CELL, "GRU": GRU(D, H), "Jordan": Jordan(D, H, K), "InputWindow": InputWindow(D, H, 2), "OutputLoop": OutputLoop(D, H, K, 2),
    "Stacked": Stacked((CELL, GRU(H, 2))), "Bidirectional": Bidirectional(CELL, CELL), "Readout": READOUT, "Embedding": Embedding(K, D),
    "Attention": Attention("general", H, H), "Model": MODEL, "EncoderDecoder": PAIR, "Untied": Untied(CELL, READOUT, 2), "TeacherForced": TeacherForced(Jordan(D, H, K)),
    "Bridge": PAIR._joint, "Chunker": TRIALS,
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("lib", ["reference", "gpu"])
def test_first_values_and_first_states(lib, name):
    part = PARTS[name]
    if lib == "gpu":
        if name in ("InputWindow", "OutputLoop", "Untied", "TeacherForced", "Bridge", "EncoderDecoder", "Attention", "Chunker"):
            return
        part = twin_of(part)
    for bad in (None, 0, np.random, np.random.RandomState(0)):
        if part.shapes:
            refused(part.init, dict(rng=bad))
    key = next(iter(part.shapes), None)
    if key and name != "Untied":
        refused(part.init, {"rng": rng(), key: np.eye(2)})  # values in place of an initialiser
        refused(part.init, {"rng": rng(), "nonsense": lambda *a: 0})
    if hasattr(part, "initial_state"):
        for bad in (0, -1, 1.5, True, "2", None):
            refused(part.initial_state, dict(B=bad))


# Functions whose refusals are listed elsewhere, by the file of the list.
ELSEWHERE = {
    "test_refusals.py": "reference.jordan.Jordan.teacher_forced reference.jordan.Jordan.teacher_forced_backward gpu.jordan.Jordan.teacher_forced",
    "test_refusals_attention.py": """reference.attention.Attention.forward reference.attention.Attention.backward gpu.attention.Attention.forward
        reference.encoder_decoder.EncoderDecoder.forward reference.encoder_decoder.EncoderDecoder.backward
        reference.encoder_decoder.EncoderDecoder.loss_and_gradients reference.encoder_decoder.EncoderDecoder.loss_value
        reference.encoder_decoder.EncoderDecoder.stepper gpu.encoder_decoder.EncoderDecoder.forward gpu.encoder_decoder.EncoderDecoder.stepper
        gpu.encoder_decoder.EncoderDecoder.loss_and_gradients gpu.encoder_decoder.EncoderDecoder.loss_value""",
    "test_refusals_structures.py": """reference.stacked.Stacked.last reference.stacked.Stacked.from_last reference.bidirectional.Bidirectional.last
        reference.bidirectional.Bidirectional.from_last gpu.stacked.Stacked.last gpu.bidirectional.Bidirectional.last""",
    "test_refusals_tasks.py": """tasks.adding.adding tasks.adding.adding_1997 tasks.adding.window_mse tasks.adding.constant_mse_1997
        tasks.alignment.backwards tasks.alignment.in_order tasks.alignment.Aligned.right tasks.alignment.Aligned.attention_mass
        tasks.copy_memory.copy_memory tasks.copy_memory.baseline tasks.copy_memory.CopyMemory.recalled tasks.delayed.delayed
        tasks.long_lag.noise_free tasks.long_lag.random_middle tasks.long_lag.distracted tasks.long_lag.floor tasks.long_lag.names
        tasks.long_lag.LongLag.errors tasks.marked_pairs.Marked.errors tasks.moving_digits.moving_digits tasks.moving_digits.MovingDigits.right
        tasks.multiplication.multiplication tasks.multiplication.constant_answer tasks.pronoun.pronoun tasks.pronoun.Sentences.right
        tasks.reber.Grammar tasks.reber.Grammar.draw tasks.reber.Grammar.path tasks.reber.Grammar.next_letters
        tasks.reber_prediction.strings tasks.reber_prediction.train_and_test tasks.reber_prediction.stream
        tasks.reber_prediction.all_legal tasks.reber_prediction.first_mistake tasks.success.largest_errors tasks.success.solved_after
        tasks.temporal_order.temporal_order tasks.temporal_order.window_accuracy tasks.temporal_order.TemporalOrder.errors""",
    "test_refusals_data.py": """tasks.records.part_of tasks.records.pad tasks.records.labelled tasks.records.translated tasks.records.majority
        tasks.records.Labelled.draw tasks.records.Translated.draw tasks.names.ending tasks.names.accuracy tasks.sentiment.words
        tasks.sentiment.sentiment tasks.rain.right tasks.rain.segments tasks.rain.table tasks.dna.Part.windows tasks.dna.window
        tasks.ecg.segments tasks.ecg.altered tasks.ecg.surprise tasks.ecg.autoregression tasks.ecg.beats tasks.ecg.auc tasks.numbers.numbers tasks.numbers.composed
        tasks.numbers.few""",
    "test_tasks_captions.py": """tasks.captions.caption tasks.captions.held_out tasks.captions.most_frequent tasks.captions.nearest
        tasks.captions.scenes tasks.captions.stepper tasks.captions.text""",
    "test_tasks_translation.py": "tasks.translation.understood tasks.translation.word_by_word tasks.translation.translation",
    "test_checkpoint.py": "checkpoint.save checkpoint.load checkpoint.restore",
    "test_convert_keras.py": "convert.keras_layers.to_keras convert.keras_layers.from_keras",
    "test_gpu.py": "gpu.devices.device gpu.devices.to_torch gpu.devices.to_numpy",
    "test_gpu_fused.py": "gpu.fused.run",
    "test_experiments.py": "results.load results.trials results.outcome", "test_results_table.py": "results.table",
    "test_results_weights.py": "results.keep results.weights",
}  # fmt: skip
# Behind a door: whole modules of the machinery, whose callers have looked; and by name what has nothing to refuse.
BEHIND = re.compile(r"""(
    reference\.fused\.(buffers|checkpoint|door|elman|gru|gru_backward|lstm|lstm_backward|lstm_normalised)\.\S+
    | reference\.fused\.symbols\.(flatten|readout_and_loss|Adam\S*) | gpu\.fused\.(layer|\w+\.\S+) | gpu\.modules\.\S+
    | reference\.(states|state_vector|many_nets|one_hot|layer_norm|rtrl_any|activations)\.\S+ | gpu\.(rtrl_any|one_hot|activations|lengths)\.\S+
    | convert\.parts\.\S+ | convert\.weights\.(variant_of|check_held|stack|unstack|key|make|further) | convert\.\w+\.\w+_module
    | convert\.torch_nn\.TorchNet\S* | convert\.keras_layers\.\w+_state
    | \S+\.(step|step_backward|step_logits|psi|keys|keys_backward|look|look_back|at|take)  # a step checks nothing: it is the equation
    | (reference|gpu)\.\S+\.(init|initial_state)  # test_first_values_and_first_states
    | reference\.(stacked|bidirectional)\.\w+\.(forward|backward) | gpu\.(stacked|bidirectional)\.\w+\.forward  # by way of run
    | reference\.bridge\.(sizes|sources|Bridge\.(forward|backward)) | gpu\.bridge\.Bridge\.forward | reference\.model\.Model\.backward
    | reference\.untied\.Untied\.(backward) | reference\.chunker\.Chunker\.losses | reference\.teacher_forced\.TeacherForced\.\w+
    | reference\.attention\.(masked_softmax|over_queries|hide) | gpu\.attention\.hide | reference\.encoder_decoder\.width_of
    | gpu\.encoder_decoder\.(tensor|to_array) | reference\.feeding\.\S+ | (reference|gpu)\.jordan\.(wide|narrow)
    | reference\.memory_blocks_(state|learning)\.\S+ | reference\.memory_blocks\.(logistic|MemoryBlocks\.(read|rows|gradient|descend))
    | reference\.memory_blocks_sequences\.check_weights | reference\.memory_blocks_trials\.(Sequences\S*|OnlineTrials\.(next|run))
    | reference\.delay_line\.(push|push_backward) | reference\.dropout\.\w+ | reference\.lengths\.(reversal|reverse) | (reference|gpu)\.losses\.one_hot
    | reference\.lstm\.cut | reference\.diagrams\.vanilla | (reference|gpu)\.rtrl\.(influence|rtrl_step|check_cell) | reference\.\w+\.check_\w+ | reference\.model\.pair
    | reference\.sequences\.(held|output_field|has_last|is_cell|drops) | (reference|gpu)\.unroll\.(truncated|windows|split|check_\w+|count|detach)
    | reference\.initializers\.(zeros|glorot|draw_parameters) | reference\.clipping\.(global_norm|all_finite) | decoding\.(Picker|greedy|check_parameters)
    | gradcheck\.relative_error | gpu\.devices\.as_dtype | run\.(save|load)  # by way of compare, to_torch, fit
    | data\.\S+ | run\.(History\S*|Run|fingerprint) | tasks\.hello\.\w+ | tasks\.marked_pairs\.(draw|second_choices|starts)
    | tasks\.(dates|phrases|italian)\.\S+ | tasks\.(dna\.dna|ecg\.(ecg|persistence|silence)|rain\.(rain|always|persistence))  # take nothing, or
    | tasks\.(names\.(first_names|surnames)|records\.(alphabet|per_position)|sentiment\.naive_bayes)  # what the module itself has made
    | tasks\.translation\.(draw|held_out|vocabularies) | results\.(names|Table|shown)
    | tasks\.pronoun\.(every_sentence|one_direction) | tasks\.reber\.Grammar\.accepts | tasks\.reber_prediction\.floor | tasks\.windows\.Scale\.\w+
)""", re.VERBOSE)  # fmt: skip
OTHER_ROOMS = ("errors", "checks", "plots", "explorers", "live", "museum", "data.make")  # with tests of their own


def public():
    """Every public function, class with settings, and method of the package, as "module.Class.method"."""
    for found in pkgutil.walk_packages(rnncore.__path__, "rnncore."):
        place = found.name.removeprefix("rnncore.")
        if place.startswith(OTHER_ROOMS) or place == "gpu.checks":
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if name.startswith("_") or getattr(value, "__module__", None) != found.name:
                continue
            if inspect.isfunction(value) or inspect.isclass(value) and not issubclass(value, (tuple, BaseException)):
                yield f"{place}.{name}"
            if inspect.isclass(value):
                yield from (f"{place}.{name}.{k}" for k, v in vars(value).items()
                            if not k.startswith("_") and inspect.isfunction(getattr(v, "__func__", v)))  # fmt: skip


def test_every_public_function_has_its_list():
    elsewhere = {name for names in ELSEWHERE.values() for name in names.split()}
    known = set(public())
    at_a_door = DOORS.keys() | {f"gpu.{door.removeprefix('reference.')}" for door in TWINS} | elsewhere
    parts_of_gpu = {name for name in known if re.fullmatch(r"gpu\.(\w+)\.[A-Z]\w+", name)}  # made by way of twin_of
    left = sorted(n for n in known - at_a_door - parts_of_gpu if not BEHIND.fullmatch(n))
    assert not left, f"no list of refusals has {left}"
    gone = sorted(n for n in DOORS.keys() | elsewhere if n not in known and n != "text.Vocabulary.from_text")
    assert not gone, f"no longer there: {gone}"


@pytest.mark.parametrize("file", ELSEWHERE)
def test_the_other_lists_name_what_they_refuse(file):
    text = (Path(__file__).parent / file).read_text()
    missing = [name for name in ELSEWHERE[file].split() if not re.search(rf"\b{name.rsplit('.', 1)[1]}\b", text)]
    assert "pytest.raises" in text and not missing, missing
