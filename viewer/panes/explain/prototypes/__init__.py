"""Classes by example: which a picture is most like, and where in it."""
