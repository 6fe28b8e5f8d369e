"""The guide as data: what a quality training is made of, in Turkish and English. Knows nothing of runs or screens.

Its 13 checklist items are the headings under which checks report; its four problems are what can go wrong, each with the
remedies the guide names. A remedy's `settings` are the values it proposes.
"""

from mmrec_engine.guide.items import ITEMS, Item, Phase
from mmrec_engine.guide.problems import PROBLEMS, Problem, Remedy

__all__ = ["ITEMS", "PROBLEMS", "Item", "Phase", "Problem", "Remedy"]
