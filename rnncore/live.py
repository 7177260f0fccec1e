"""Sliders for a figure drawn by Python: in JupyterLab, and in the page where Python runs in it."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable

from .errors import SettingError


def sliders(draw: Callable, **controls) -> None:
    """Show the figure that `draw` returns, and draw it again whenever a control is moved.

    The first figure is an ordinary output of the cell, so it also stands where no Python runs: in the rendered page, in print.

    Usage:

        def states(w=0.9):
            fig, ax = plt.subplots()
            ax.plot(w ** np.arange(20))
            return fig

        live.sliders(states, w=(-1.5, 1.5, 0.05))

    Args:
        draw: returns a matplotlib figure; every argument that has a control needs a default, which is where the control starts.
        controls: by argument, (lowest, highest, step) for a slider, whole numbers for a slider of whole numbers,
            a list of two or more for a choice.

    Raises: SettingError for a control without its argument, an argument without default, a default out of range, no control.
    """
    import ipywidgets  # only here: whoever draws without sliders needs none
    from IPython.display import display

    widgets = {name: _control(ipywidgets, name, control, _default(draw, name, control)) for name, control in controls.items()}
    if not widgets:
        raise SettingError("sliders: expected at least one control, as in sliders(draw, w=(-1, 1, 0.1)), got none")
    values = lambda: {name: widget.value for name, widget in widgets.items()}  # noqa: E731
    screen = _Screen(draw)
    first = screen.show(values())
    display(ipywidgets.VBox(list(widgets.values())))
    picture = display(first, display_id=True)
    for widget in widgets.values():
        widget.observe(lambda change: picture.update(screen.show(values())), "value")


def _default(draw: Callable, name: str, control):
    arguments = inspect.signature(draw).parameters
    if name not in arguments:
        raise SettingError(f"sliders: expected controls for arguments of {draw.__name__} ({', '.join(arguments)}), got {name!r}")
    default = arguments[name].default
    if default is inspect.Parameter.empty:
        raise SettingError(f"sliders: expected a default for {name} in {draw.__name__}, where its control starts; it has none")
    is_range = not isinstance(control, list) and len(control) == 3 and control[2] > 0
    if not (control[0] <= default <= control[1] if is_range else isinstance(control, list) and default in control):
        raise SettingError(f"{name}: expected (lowest, highest, step) or a list around the default {default!r}, got {control!r}")
    return default


def _control(ipywidgets, name: str, control, default):
    if isinstance(control, list):
        return ipywidgets.Dropdown(options=control, value=default, description=name)
    kind = ipywidgets.IntSlider if all(isinstance(number, int) for number in (*control, default)) else ipywidgets.FloatSlider
    low, high, step = control
    return kind(default, min=low, max=high, step=step, description=name)


class _Screen:
    """Makes pictures of what `draw` returns, each with the axes where the first had them.

    Finding room for the labels takes matplotlib longer than drawing does, and axes that move with the slider are hard to watch.
    """

    def __init__(self, draw: Callable) -> None:
        self.draw, self.places = draw, None

    def show(self, values: dict):
        import matplotlib.pyplot as plt
        from IPython.display import Image
        from matplotlib.figure import Figure

        figure = self.draw(**values)
        if not isinstance(figure, Figure):
            raise SettingError(f"sliders: expected {self.draw.__name__} to return a matplotlib figure, got {type(figure).__name__}")
        if self.places is None or len(self.places) != len(figure.axes):
            figure.draw_without_rendering()
            self.places = [axes.get_position() for axes in figure.axes]
        figure.set_layout_engine("none")
        for axes, place in zip(figure.axes, self.places):
            axes.set_position(place)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=figure.dpi, bbox_inches=figure.bbox_inches)
        plt.close(figure)  # or else pyplot shows it a second time at the end of the cell
        return Image(buffer.getvalue())
