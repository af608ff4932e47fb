"""A detector as it is asked about a cloud: the cloud fitted to it, its norms folded, what a box stands on."""
