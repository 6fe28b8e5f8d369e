"""Training in a given time: which model to train, how fast this machine is, and how to end in time."""
