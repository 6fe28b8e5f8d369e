"""The sizes of a model; must not load torch, so that tables and checks can use it before torch is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from mmrec_engine.errors import UnusableError

Architecture = Literal["mmrec", "llama", "gpt"]
ARCHITECTURES: tuple[Architecture, ...] = ("mmrec", "llama", "gpt")

ROTARY_BASE = 10_000.0  # of rotary positions, unless a pretrained model has another
NORM_EPSILON = 1e-5  # of Llama's RMS norm, unless a pretrained model has another

CHUNK = 64  # tokens that the recurrence computes as one matrix product
_MOST = 2**31 - 1  # of any size
_OF_ALL = ("vocabulary", "width", "layers", "heads", "context")  # sizes of every architecture
_FIRST_USE_BYTES = 25 * 2**20  # measured: kernels and buffers that PyTorch allocates in the first step on a CPU


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of one language model.

    vocabulary: ids; width: channels of the residual stream; context: tokens of a training window (limits only the
    key-value cache of attention in generation; the recurrence has no such limit). Only for llama: kv_heads, heads of keys and
    values, shared by groups of query heads (None: one for each); tied: the embedding is also the head. Only for pretrained
    llamas, None for the usual values: head_size, channels of a head; inner, width of the MLP; rotary_base, norm_epsilon.
    """

    architecture: Architecture
    vocabulary: int
    width: int
    layers: int
    heads: int
    context: int
    kv_heads: int | None = None
    tied: bool = False
    head_size: int | None = None
    inner: int | None = None
    rotary_base: float = ROTARY_BASE
    norm_epsilon: float = NORM_EPSILON

    def __post_init__(self) -> None:
        """Raises ValueError for impossible sizes, which may come from a file."""
        for name in _OF_ALL:
            size = getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= _MOST:
                raise UnusableError("no-size", name=name)
        if self.architecture not in ARCHITECTURES:
            raise UnusableError("architecture-unknown", name=self.architecture)
        if self.width % self.heads and self.head_size is None:
            raise UnusableError("width-and-heads", width=self.width, heads=self.heads)
        self._check_llama()

    def _check_llama(self) -> None:
        if not isinstance(self.tied, bool):
            raise UnusableError("tied-no-boolean")
        shared = self.kv_heads
        if shared is not None and (not isinstance(shared, int) or isinstance(shared, bool) or shared < 1):
            raise UnusableError("no-kv-heads")
        for name in ("head_size", "inner"):
            size = getattr(self, name)
            if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= _MOST):
                raise UnusableError("no-size", name=name)
        for name in ("rotary_base", "norm_epsilon"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise UnusableError("no-size", name=name)
        if self.architecture != "llama":
            if self.as_dict().keys() & _OF_LLAMA.keys():
                raise UnusableError("of-llama-alone", architecture=self.architecture)
            return
        if self.heads % self.key_heads:
            raise UnusableError("heads-and-kv-heads", heads=self.heads, shared=self.key_heads)
        if self.head_width % 2:
            raise UnusableError("odd-head", width=self.head_width)

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads

    @property
    def head_width(self) -> int:
        return self.head_size or self.width // self.heads

    @property
    def mlp_width(self) -> int:
        """Inner width of the MLP: four times the width, 4.5 times in the GPT, and three times in llama's, which has three
        matrices.

        The recurrence has one width² matrix more for time mixing (its output gate); the others have the same number of
        parameters in their MLP, so that all are compared at equal size.
        """
        if self.inner is not None:
            return self.inner
        return {"mmrec": 4 * self.width, "gpt": 9 * self.width // 2, "llama": 3 * self.width}[self.architecture]

    def _mixing_weights(self) -> int:
        """Weights of a layer's matrices for time mixing."""
        shared = 2 * self.width * (self.heads + self.key_heads) * self.head_width
        return 5 * self.width**2 if self.architecture == "mmrec" else shared

    def _mlp_weights(self) -> int:
        return (3 if self.architecture == "llama" else 2) * self.width * self.mlp_width

    def parameters(self) -> int:
        """Number of parameters of the built model."""
        return self._of_blocks(self.layers) + (1 if self.tied else 2) * self.vocabulary * self.width

    def trained_parameters(self, last_layers: int | None = None) -> int:
        """Of these, the trained ones: all, or with `last_layers` those of the last layers, of the gain after them and of an
        untied head."""
        if last_layers is None:
            return self.parameters()
        return self._of_blocks(last_layers) + (0 if self.tied else self.vocabulary * self.width)

    def checkpoint_bytes(self, last_layers: int | None = None) -> int:
        """Weights, and two moments of each trained one, in float32; Muon has one moment less."""
        return 4 * self.parameters() + 8 * self.trained_parameters(last_layers)

    def _of_blocks(self, layers: int) -> int:
        """Parameters of so many layers, and of the gain before the head."""
        vectors = 0 if self.architecture == "gpt" else 2 * self.width  # token shift and gain, or the gains of two norms
        last = self.width if self.architecture == "llama" else 0
        return layers * (self._mixing_weights() + self._mlp_weights() + vectors) + last

    def training_flops(self, length: int) -> int:
        """Floating-point operations that training on one token of a window of `length` tokens takes.

        Two a multiply-add, and three times those of the forward pass, since the backward pass takes two products for each
        (Kaplan et al., "Scaling laws for neural language models", 2020). Multiply-adds forward: one a weight of every matrix
        that is multiplied with (all but the embedding), and for time mixing in each layer

            attention  2 · length · width           scores and values, the masked half counted too (PaLM, appendix B)
            MM-Rec     2 · C · width                the same within a chunk of C = min(length, CHUNK) tokens
                       + 2 · width · head_width     and, where there is more than one chunk, its memory written and read

        Element-wise operations, the optimizer and gradient checkpointing are not counted: only the model's own operations are.
        """
        reach = min(length, CHUNK) if self.architecture == "mmrec" else length
        beyond = 2 * self.width * self.head_width if reach < length else 0
        layer = self._mixing_weights() + self._mlp_weights() + 2 * reach * self.width + beyond
        return 6 * (self.layers * layer + self.vocabulary * self.width)

    def training_bytes(self, windows: int, length: int, last_layers: int | None = None) -> int:
        """Estimated memory of training on `windows` windows of `length` tokens, beyond that of importing torch.

        last_layers: if only these are trained (`trained_parameters`); None: all.
        A float32 value a parameter, and three more a trained one (gradient, two AdamW moments), plus the activations kept for
        the backward pass: per token and trained layer the inputs of every product and norm, and the time mixer's weights over
        its chunk; per token the logits with their softmax and gradient; and what the libraries allocate at first use.
        Within a tenth of the measured peak from tiny to base (docs/performance.md).
        """
        reach = min(length, CHUNK) if self.architecture == "mmrec" else 0  # PyTorch's attention keeps no weights
        of_keys = self.key_heads * self.head_width
        kept = {
            "mmrec": 18 * self.width,
            "llama": 8 * self.width + 3 * self.heads * self.head_width + 3 * of_keys,
            "gpt": 19 * self.width // 2,
        }
        per_layer = kept[self.architecture] + 3 * self.mlp_width + 3 * self.heads * reach
        layers = self.layers if last_layers is None else last_layers
        activations = windows * length * (layers * per_layer + 4 * self.vocabulary + 4 * self.width)
        return _FIRST_USE_BYTES + 4 * (self.parameters() + 3 * self.trained_parameters(last_layers) + activations)

    def as_dict(self) -> dict[str, Any]:
        """Its values; those of llama only if they differ from the defaults, so that other checkpoints are unchanged."""
        return {
            name: value for name, value in asdict(self).items() if name not in _OF_LLAMA or value != _OF_LLAMA[name]
        }


_OF_LLAMA = {
    item.name: item.default for item in fields(ModelConfig) if item.name not in ("architecture", *_OF_ALL)
}  # with the usual values
