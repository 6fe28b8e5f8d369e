"""mmrec's screen and command line: shows and asks. Holds no training logic."""
