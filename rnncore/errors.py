"""The errors that rnncore raises at the door. Each says what was expected and what came."""


class RNNCoreError(Exception):
    """Base of all errors raised on purpose by this package."""


class ShapeError(RNNCoreError, ValueError):
    """An array has the wrong number of axes or the wrong size along one."""


class DtypeError(RNNCoreError, TypeError):
    """An array holds the wrong kind of number (integers where real numbers are needed, say)."""


class NotFiniteError(RNNCoreError, ValueError):
    """An array holds NaN or infinity."""


class EmptySequenceError(RNNCoreError, ValueError):
    """A sequence has no steps, or a batch no sequences."""


class UnknownSymbolError(RNNCoreError, ValueError):
    """A symbol or an index lies outside the vocabulary."""


class SettingError(RNNCoreError, ValueError):
    """A setting has an impossible value, or a name that is not known."""


class DeviceError(RNNCoreError, RuntimeError):
    """A device was asked for that this machine does not have."""


class MissingPackageError(RNNCoreError, ImportError):
    """An optional package is needed that is not installed."""


class CheckpointError(RNNCoreError, RuntimeError):
    """A checkpoint is damaged, foreign, or does not fit the run that wants to go on from it."""


class GradientError(RNNCoreError, AssertionError):
    """A hand-written gradient differs from the numerical one."""


class TrainingDiverged(RNNCoreError, RuntimeError):
    """The loss is no longer finite. `run` holds all that was reached before."""

    def __init__(self, message: str, run: object = None) -> None:
        super().__init__(message)
        self.run = run
