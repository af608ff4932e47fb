"""Controls, legends and figures of the side column."""
