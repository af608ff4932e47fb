"""Tables of layers and formulas, and the confusion matrix."""
