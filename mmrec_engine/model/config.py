"""What a model is made of, in numbers; knows no torch, so tables and checks can use it before torch is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Architecture = Literal["mmrec", "gpt"]
ARCHITECTURES: tuple[Architecture, ...] = ("mmrec", "gpt")


CHUNK = 64  # tokens that the recurrence takes as one matrix product
_MOST = 2**31 - 1  # of any size
_FIRST_USE_BYTES = 25 * 2**20  # measured: kernels and buffers that PyTorch makes in the first step on a CPU


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of one language model.

    vocabulary: ids; width: channels of the residual stream; context: tokens of a training window (bounds only the
    GPT's key-value cache when generating; the recurrence has no such bound).
    """

    architecture: Architecture
    vocabulary: int
    width: int
    layers: int
    heads: int
    context: int

    def __post_init__(self) -> None:
        """Raises ValueError for sizes of which no model can be made; they may come from a file."""
        for name in ("vocabulary", "width", "layers", "heads", "context"):
            size = getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= _MOST:
                raise ValueError(f"{name} is no size of a model")
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"unknown architecture {self.architecture!r}")
        sizes = (self.vocabulary, self.width, self.layers, self.heads, self.context)
        if not all(isinstance(size, int) and size > 0 for size in sizes):
            raise ValueError(f"sizes that no model has: {sizes}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def mlp_width(self) -> int:
        """Inner width of the MLP: four times the width, and 4.5 times in the GPT.

        The recurrence spends one width² matrix more on time mixing (its output gate); the GPT gets the same parameters
        in its MLP, so that the two are compared at equal size.
        """
        return 4 * self.width if self.architecture == "mmrec" else 9 * self.width // 2

    def parameters(self) -> int:
        """Number of trainable parameters, as the built model has them."""
        mixing = 5 * self.width**2 + 2 * self.width if self.architecture == "mmrec" else 4 * self.width**2
        block = mixing + 2 * self.width * self.mlp_width
        return self.layers * block + 2 * self.vocabulary * self.width

    def training_flops(self, length: int) -> int:
        """Floating-point operations that training on one token of a window of `length` tokens takes.

        Two a multiply-add, and three times those of the forward pass, since the backward pass takes two products for each
        (Kaplan et al., "Scaling laws for neural language models", 2020). Multiply-adds forward: one a weight of every matrix
        that is multiplied with (all but the embedding), and for time mixing in each layer

            GPT        2 · length · width           scores and values, the masked half counted too (PaLM, appendix B)
            MM-Rec     2 · C · width                the same within a chunk of C = min(length, CHUNK) tokens
                       + 2 · width · head_width     and, where there is more than one chunk, its memory written and read

        Element-wise work, the optimizer and gradient checkpointing are not in it: what is bought, not what is spent.
        """
        mixing = 5 * self.width**2 if self.architecture == "mmrec" else 4 * self.width**2
        reach = min(length, CHUNK) if self.architecture == "mmrec" else length
        beyond = 2 * self.width * self.head_width if reach < length else 0
        layer = mixing + 2 * self.width * self.mlp_width + 2 * reach * self.width + beyond
        return 6 * (self.layers * layer + self.vocabulary * self.width)

    def training_bytes(self, windows: int, length: int) -> int:
        """Estimated memory of training on `windows` windows of `length` tokens, beyond that of importing torch.

        Four float32 values a parameter (weight, gradient, two AdamW moments), plus the activations kept for the backward
        pass: per token and layer the inputs of every product and norm, and the time mixer's weights over its chunk; per
        token the logits with their softmax and gradient; and what the libraries set up at first use.
        Within a tenth of the measured peak from tiny to base (docs/performance.md).
        """
        reach = min(length, CHUNK) if self.architecture == "mmrec" else 0  # PyTorch's attention keeps no weights
        per_layer = 18 * self.width + 3 * self.mlp_width + 3 * self.heads * reach
        activations = windows * length * (self.layers * per_layer + 4 * self.vocabulary + 4 * self.width)
        return _FIRST_USE_BYTES + 4 * (4 * self.parameters() + activations)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
