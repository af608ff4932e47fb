"""The window of models: what there is on this disk and on the hub, downloads and their removal."""
