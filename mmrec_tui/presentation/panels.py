"""The names of the panels of the training screen, in the order of the keys that jump to them. Loads nothing."""

PLOTS = ("loss", "perplexity", "accuracy", "gap", "learning-rate", "gradient-norm", "speed")
PANELS = (*PLOTS, "machine", "log")
