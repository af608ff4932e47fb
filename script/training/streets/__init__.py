"""Streets made here: their objects, a turning laser scanner, and the training of what reads its scans."""
