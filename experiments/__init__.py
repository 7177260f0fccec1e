"""Published results, run again: one module for each, `make experiments` for all, the records in `experiments/results/`.

A module has one `EXPERIMENT`, an `experiment.Experiment` of several runs. A run is a row of a table: a function, its settings,
what was published. What a run found is written to the experiment's record as soon as it is done, so that the next call of
`make experiments` does what is missing, and again what was made with other settings. Longer runs save themselves once a minute.
"""
