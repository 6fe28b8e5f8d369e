"""Pretrained models of Llama's shape, from a folder of the library `transformers`, the Hugging Face hub, or a GGUF file."""
