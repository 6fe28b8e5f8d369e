"""The best model in the time there is: what to train, how fast this machine does, and how to keep to the time."""
