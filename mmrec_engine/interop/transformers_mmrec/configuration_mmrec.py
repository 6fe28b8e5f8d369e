"""MM-Rec's sizes for the library `transformers`."""

from transformers import PreTrainedConfig


class MMRecConfig(PreTrainedConfig):
    """hidden_size: channels of the residual stream; num_attention_heads: memories a layer; chunk: tokens read at once."""

    model_type = "mmrec"

    def __init__(
        self,
        vocab_size=256,
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=512,
        max_position_embeddings=256,
        chunk=64,
        soft_cap=15.0,
        **others,
    ):
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.max_position_embeddings = max_position_embeddings
        self.chunk = chunk
        self.soft_cap = soft_cap
        self.layer_types = ["linear_attention"] * num_hidden_layers
        others.pop("layer_types", None)
        super().__init__(**{"tie_word_embeddings": False, **others})
