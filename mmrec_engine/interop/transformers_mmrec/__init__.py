"""What an exported MM-Rec carries along, so that the library `transformers` can load it: copied, never imported by mmrec."""
