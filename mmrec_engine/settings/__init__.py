"""The settings of a run: each with its type, bounds and default (`schema`), with the values that go together
(`run_settings`), model sizes and recipes (`presets`), the merge of given values (`resolution`), and questions about the
table (`queries`)."""

from mmrec_engine.settings.declaration import GROUPS, HEADINGS
from mmrec_engine.settings.parsing import check_device
from mmrec_engine.settings.queries import (
    can_change_while_running,
    heading_of,
    matters,
    settings_of,
    settings_that_decide,
)
from mmrec_engine.settings.resolution import Resolved, read_settings_file, resolve, sound
from mmrec_engine.settings.run_settings import MOST_TOKENS_A_BATCH, SHORTEST_DENOISED, Settings
from mmrec_engine.settings.schema import (
    CORPUS_CHOICE,
    FIELDS,
    SCHEDULES,
    TOKENIZERS,
    WHOLE,
    WITH_FLAG,
    loggers_of,
    metrics_of,
    parse,
    value_type,
)

__all__ = [
    "CORPUS_CHOICE",
    "FIELDS",
    "GROUPS",
    "HEADINGS",
    "MOST_TOKENS_A_BATCH",
    "SCHEDULES",
    "SHORTEST_DENOISED",
    "TOKENIZERS",
    "WHOLE",
    "WITH_FLAG",
    "Resolved",
    "Settings",
    "can_change_while_running",
    "check_device",
    "heading_of",
    "loggers_of",
    "matters",
    "metrics_of",
    "parse",
    "read_settings_file",
    "resolve",
    "settings_of",
    "settings_that_decide",
    "sound",
    "value_type",
]
