"""What models there are for the machine where they are read: on its disk and on the hub."""
