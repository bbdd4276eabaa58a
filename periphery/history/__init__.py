"""Tables of past prices, returns and scores, as files have them."""
