"""Networks that Headlight defines itself: no library that it asks for has them."""
