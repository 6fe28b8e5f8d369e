"""The code in an exported MM-Rec with which the library `transformers` loads it: copied, never imported by mmrec."""
