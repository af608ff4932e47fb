"""The window's start pays for what widgets import."""

import subprocess
import sys

MODULES = (
    "base.theme controls.choices grids.head_grid text.chips shell.pane_frame shell.palette "
    "shell.welcome controls.progress shell.log_view shell.messages shell.message_strip "
    "shell.message_bell shell.message_panel controls.class_legend grids.map_grid "
    "tables.confusion_view plots.bar_chart tables.layer_table plots.growth_plot "
    "plots.scatter_plot plane.matrix_view plane.image_view stack.stack_editor stack.convolution_view"
)


def test_nothing_slow_is_imported():
    code = (
        "import sys, importlib;"
        f"[importlib.import_module('headlight.widgets.' + m) for m in '{MODULES}'.split()];"
        "slow = {'torch', 'transformers', 'vispy', 'superqt', 'cmap', 'scipy', 'PIL'};"
        "ours = {m for m in sys.modules if m.startswith('headlight.')};"
        "core = {m for m in ours if m.startswith(('headlight.widgets', 'headlight.models.core'))};"
        "print(*sorted(slow & {m.split('.')[0] for m in sys.modules} | ours - core - {'headlight.models'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
