"""Faults planted in the sources, one at a time, to see whether the tests notice: `python -m tests.planted_faults`."""
