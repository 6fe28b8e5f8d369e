"""The command line: `program` starts it, one file a family of commands. Loads little, so that `--help` is fast."""

from mmrec_tui.cli.program import main, run

__all__ = ["main", "run"]
