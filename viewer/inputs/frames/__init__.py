"""How the numbers of a cloud are meant: where its bulk lies, unit, way up, marks of nothing."""
