"""How good the results are: make quality."""
