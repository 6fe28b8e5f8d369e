from mmrec_tui.cli import run

run()
