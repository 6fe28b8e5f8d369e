"""Faults planted in the sources, one at a time, to test whether the tests catch them: `python -m tests.planted_faults`."""
