"""The names of the panels of the training screen, in the order of their digit keys. Loads nothing."""

PLOTS = ("loss", "perplexity", "accuracy", "gap", "learning-rate", "gradient-norm", "speed")
PANELS = (*PLOTS, "machine", "log")
