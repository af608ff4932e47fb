"""One module a pane: each binds one widget to the session."""
