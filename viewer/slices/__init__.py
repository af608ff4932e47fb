"""A Trace and a View → the arrays that panes draw. No Qt."""
