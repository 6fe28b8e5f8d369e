"""What a run is asked to do: each setting with its type, bounds and default (`schema`), model sizes and recipes (`presets`)."""

from mmrec_engine.settings.schema import (
    CORPUS_CHOICE,
    FIELDS,
    MOST_TOKENS_A_BATCH,
    SCHEDULES,
    SHORTEST_DENOISED,
    TOKENIZERS,
    WHOLE,
    Resolved,
    Settings,
    check_device,
    metrics_of,
    parse,
    read_settings_file,
    resolve,
    sound,
    value_type,
)

__all__ = [
    "CORPUS_CHOICE",
    "FIELDS",
    "MOST_TOKENS_A_BATCH",
    "SCHEDULES",
    "SHORTEST_DENOISED",
    "TOKENIZERS",
    "WHOLE",
    "Resolved",
    "Settings",
    "check_device",
    "metrics_of",
    "parse",
    "read_settings_file",
    "resolve",
    "sound",
    "value_type",
]
