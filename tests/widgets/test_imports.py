"""The window's start pays for what widgets import."""

import subprocess
import sys


def test_nothing_slow_is_imported():
    modules = "theme colormap controls head_grid chips pane_frame palette welcome progress log_view"
    modules += " messages message_strip message_bell message_panel"
    modules += " palettes class_legend map_grid confusion_view bar_chart layer_table"
    modules += " growth_plot scatter_plot stack_editor convolution_view"
    code = (
        f"import sys, importlib; [importlib.import_module('widgets.' + m) for m in '{modules}'.split()];"
        "print(*sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'transformers', 'pyqtgraph',"
        "'vispy', 'superqt', 'cmap', 'scipy', 'PIL', 'viewer', 'models'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
