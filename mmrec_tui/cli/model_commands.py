"""The commands that use a trained model, as Typer reads them: `generate`, `serve`, `write` and `look`."""

from typing import Annotated, Optional

import typer

from mmrec_tui.cli.options import refuse_nan
from mmrec_tui.locales import Wording

_HOST, _PORT = "127.0.0.1", 8000


def add_generate(app: typer.Typer, wording: Wording) -> None:
    @app.command("generate", help=wording("help.generate"))
    def generate(
        checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help=wording("help.checkpoint"))],
        prompt: Annotated[str, typer.Option("--prompt", help=wording("help.prompt"))] = "",
        tokens: Annotated[int, typer.Option("--tokens", min=1, max=10**9, help=wording("help.tokens"))] = 200,
        samples: Annotated[
            int, typer.Option("--samples", "-n", min=1, max=100_000, help=wording("help.generate-samples"))
        ] = 1,
        stop: Annotated[
            Optional[list[str]], typer.Option("--stop", metavar="TEXT", show_default=False, help=wording("help.stop"))
        ] = None,
        temperature: Annotated[
            Optional[float], typer.Option(min=0.0, max=100.0, show_default="0.8", help=wording("help.temperature"))
        ] = None,
        top_k: Annotated[
            Optional[int], typer.Option("--top-k", min=0, show_default="0", help=wording("help.top-k"))
        ] = None,
        top_p: Annotated[
            Optional[float], typer.Option("--top-p", min=1e-6, max=1.0, show_default="1", help=wording("help.top-p"))
        ] = None,
        repetition_penalty: Annotated[
            Optional[float],
            typer.Option(
                "--repetition-penalty", min=0.01, max=100.0, show_default="1", help=wording("help.repetition-penalty")
            ),
        ] = None,
        corpus_tag: Annotated[
            Optional[str], typer.Option("--corpus-tag", metavar="NAME", help=wording("help.corpus-tag"))
        ] = None,
        past_end: Annotated[bool, typer.Option("--past-end", help=wording("help.past-end"))] = False,
        seed: Annotated[
            Optional[int], typer.Option(min=0, max=2**63 - 1, show_default="1337", help=wording("help.generate-seed"))
        ] = None,
        device: Annotated[str, typer.Option(help=wording("setting.device"))] = "cpu",
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_tui.cli.generate import Request
        from mmrec_tui.cli.generate import generate as write

        given = {
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "repetition_penalty": repetition_penalty,
            "seed": seed,
        }
        refuse_nan(given, wording)
        by_hand = {name: value for name, value in given.items() if value is not None}
        write(
            Request(checkpoint, prompt, tokens, samples, by_hand, stop or (), corpus_tag, past_end, device),
            wording,
            json,
        )
        return 0


def add_serve(app: typer.Typer, wording: Wording, debug: bool) -> None:
    @app.command("serve", help=wording("help.serve"))
    def serve(
        checkpoint: Annotated[str, typer.Argument(metavar="RUN", help=wording("help.checkpoint"))],
        host: Annotated[str, typer.Option(metavar="ADDRESS", help=wording("help.serve-host"))] = _HOST,
        port: Annotated[int, typer.Option(min=0, max=65535, help=wording("help.serve-port"))] = _PORT,
        api_key: Annotated[
            Optional[str], typer.Option("--api-key", metavar="KEY", help=wording("help.serve-api-key"))
        ] = None,
        tokens: Annotated[
            int, typer.Option("--max-tokens", min=1, max=65_536, help=wording("help.serve-max-tokens"))
        ] = 4096,
        prompt_tokens: Annotated[
            int, typer.Option("--max-prompt-tokens", min=1, max=65_536, help=wording("help.serve-max-prompt-tokens"))
        ] = 8192,
        waiting: Annotated[int, typer.Option("--queue", min=1, max=10_000, help=wording("help.serve-queue"))] = 256,
        seconds: Annotated[
            float, typer.Option("--timeout", min=1.0, max=86_400.0, help=wording("help.serve-timeout"))
        ] = 300.0,
        corpus_tag: Annotated[
            Optional[str], typer.Option("--corpus-tag", metavar="NAME", help=wording("help.corpus-tag"))
        ] = None,
        device: Annotated[str, typer.Option(help=wording("setting.device"))] = "cpu",
        json: Annotated[bool, typer.Option("--json", help=wording("help.serve-json"))] = False,
        quiet: Annotated[bool, typer.Option("--quiet", help=wording("help.quiet"))] = False,
    ) -> int:
        from mmrec_tui.cli.serve import Request
        from mmrec_tui.cli.serve import serve as answer

        refuse_nan({"timeout": seconds}, wording)
        request = Request(checkpoint, host, port, api_key, corpus_tag, device, prompt_tokens, tokens, waiting, seconds)
        return answer(request, wording, json, quiet, debug)


def add_write(app: typer.Typer, wording: Wording, given_language: str | None) -> None:
    @app.command("write", help=wording("help.write"))
    def write(
        checkpoint: Annotated[str, typer.Argument(metavar="RUN", help=wording("help.checkpoint"))],
    ) -> int:
        from mmrec_engine.runs.catalog import locate
        from mmrec_tui.app.launch import open_app

        locate(checkpoint)
        return open_app(given_language, model=checkpoint)


def add_look(app: typer.Typer, wording: Wording) -> None:
    @app.command("look", help=wording("help.look"))
    def look(
        checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help=wording("help.checkpoint"))],
        text: Annotated[
            Optional[str], typer.Option("--text", metavar="FILE", show_default=False, help=wording("help.look-text"))
        ] = None,
        tokens: Annotated[int, typer.Option("--tokens", min=2, max=10**6, help=wording("help.look-tokens"))] = 2000,
        html: Annotated[
            Optional[str], typer.Option("--html", metavar="FILE", show_default=False, help=wording("help.look-html"))
        ] = None,
        device: Annotated[str, typer.Option(help=wording("setting.device"))] = "cpu",
        json: Annotated[bool, typer.Option("--json", help=wording("help.json"))] = False,
    ) -> int:
        from mmrec_tui.cli.look import Request
        from mmrec_tui.cli.look import look as show

        show(Request(checkpoint, text, tokens, html, device), wording, json)
        return 0
