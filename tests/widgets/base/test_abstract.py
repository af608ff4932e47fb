import pytest
from PySide6.QtWidgets import QWidget

from headlight.widgets.grids.cell_grid import CellGrid
from headlight.widgets.plots.figure import Figure


@pytest.mark.parametrize("base", [CellGrid, Figure])
def test_a_widget_that_leaves_out_a_method_is_refused_by_its_name(qapp, base):
    class Half(base):
        def _at(self, point):
            return None

    with pytest.raises(TypeError, match=r"Half lacks _[a-z_]+, .*_paint"):
        Half()
    whole = type("Whole", (Half,), {name: lambda *_: None for name in Half.__abstractmethods__})
    made = whole() if base is CellGrid else whole("a figure")
    assert isinstance(made, QWidget)
    made.deleteLater()
