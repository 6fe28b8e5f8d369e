"""A trained model as a server that speaks OpenAI's protocol for completions. Needs the extra `serve`."""
