"""The guide as data: the parts of a quality training. Must not know: runs, screens.

Its 13 checklist items are the headings under which checks report; its four problems are what can go wrong, each with the
remedies the guide names. A remedy's `settings` are the values it proposes. Measures and hyperparameters explain the figures
that are shown and the settings that can be changed; profiles are places to start from.
"""

from mmrec_engine.locales.guide.hyperparameters import HYPERPARAMETERS, Hyperparameter
from mmrec_engine.locales.guide.items import ITEMS, Item, Phase
from mmrec_engine.locales.guide.measures import MEASURES, Measure
from mmrec_engine.locales.guide.problems import PROBLEMS, Problem, Remedy
from mmrec_engine.locales.guide.profiles import PROFILE_TEXTS, Profile

__all__ = [
    "HYPERPARAMETERS",
    "ITEMS",
    "MEASURES",
    "PROBLEMS",
    "PROFILE_TEXTS",
    "Hyperparameter",
    "Item",
    "Measure",
    "Phase",
    "Problem",
    "Profile",
    "Remedy",
]
