"""How fast the whole program is, beside the original way and the machine's own limits."""
