"""A trained model in the formats of other tools. Each needs its own library only if its file says so."""
