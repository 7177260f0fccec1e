"""The fast trainer of nets that look before each step: the numbers of the reference; what it is not made for is refused."""

import numpy as np
import pytest

from experiments import by_length
from experiments.look_trainer import LookTrainer
from rnncore import results
from rnncore.errors import SettingError
from rnncore.reference import GRU, Attention, EncoderDecoder, Readout
from rnncore.tasks.alignment import backwards
from tests import cases
from tests.cases import close


@pytest.mark.parametrize("encoder", ["neighbours", "recurrent"])
@pytest.mark.parametrize("length", [(1, 6), (5, 5), (1, 1)])
def test_the_fast_trainer_has_the_numbers_of_the_reference(encoder, length):
    net, rng = by_length.model(encoder, "general", 6, 8), np.random.default_rng(0)
    params = cases.parameters(net, rng)
    batch = backwards(rng, 7, length, 6).batch
    loss, grads, _ = net.loss_and_gradients(params, batch)
    fast, found = LookTrainer(net, params, 0.01).gradients(batch)
    assert fast == pytest.approx(loss, rel=1e-12) and found.keys() == grads.keys()
    for k in grads:
        close(found[k], grads[k])
    without = batch._replace(x_mask=None, mask=None)
    for k, value in net.loss_and_gradients(params, without)[1].items():
        close(LookTrainer(net, params, 0.01).gradients(without)[1][k], value)


def test_what_it_is_not_made_for_is_refused():
    net = EncoderDecoder(GRU(5, 4), GRU(5, 4), Readout(8, 5), Attention("general", 4, 4), looks="after")
    with pytest.raises(SettingError, match="before the step"):
        LookTrainer(net, net.init(np.random.default_rng(0)), 0.01)


def test_it_learns():
    net, rng = by_length.model("neighbours", "general", 4, 16), np.random.default_rng(0)
    trainer = LookTrainer(net, net.init(rng, np.float32), 0.01)
    losses = [trainer.learn(backwards(rng, 32, (1, 3), 4).batch) for _ in range(150)]
    assert np.mean(losses[-10:]) < 0.3 * losses[0]


@pytest.mark.parametrize("row", [name for name, run in results.load("by_length")["runs"].items() if run["result"]["weights"]])
def test_a_kept_net_does_what_the_record_says(row):
    run = results.load("by_length")["runs"][row]
    found, settings = run["result"], run["settings"]
    net = by_length.model(settings["encoder"], settings["kind"], settings["symbols"], settings["H"])
    place = found["length"].index(12)
    part = backwards(np.random.default_rng([9, 12]), settings["number"], (12, 12), settings["symbols"])
    right, symbols, mass = by_length.judged(net, results.weights(found["weights"]), part)
    near = {"abs": 0.02}  # half precision, and another machine's rounding
    assert (right, symbols, mass) == tuple(pytest.approx(found[k][0][place], **near) for k in ("right", "symbols right", "mass"))
