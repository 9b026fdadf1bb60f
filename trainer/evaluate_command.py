"""Body of ``quietstep-train evaluate``: a table for people, JSON for machines, a picture, Markdown, and the policy.

Promises: everything is written before the policy is asked, the JSON first, so that a broken bound never hides the
figures. Refuses
(TrainingError) a bundle that breaks the policy, with one sentence for each bound.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from trainer.evaluate_bundle import evaluate_bundle, table
from trainer.evaluate_markdown import evaluation_markdown
from trainer.evaluate_picture import draw_evaluation
from trainer.measured import write_json
from trainer.policy import evaluation_violations, read_policy, refuse
from trainer.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where to write what; None: not wanted."""

    json: Path | None = None
    png: Path | None = None
    markdown: Path | None = None


def run(bundle: Path, data: str, outputs: Outputs, policy: Path | None) -> None:
    """Score ``bundle`` on ``data`` and tell; raises BundleError, EncoderError, TrainingError."""
    bounds = None if policy is None else read_policy(policy)
    found = evaluate_bundle(bundle, data)
    if outputs.json is not None:
        write_json(outputs.json, found)
    Console().print(table(found))
    for each in found.refused:
        Console(stderr=True, soft_wrap=True).print(
            f"left out {each.n} ({each.what}), such as {each.example}: {each.reason}", style="yellow", markup=False
        )
    if outputs.markdown is not None:
        write_whole(outputs.markdown, evaluation_markdown(found, _seen_from(outputs)).encode())
    if outputs.png is not None:
        draw_evaluation(found, outputs.png)
    if bounds is not None:
        refuse(evaluation_violations(found, bounds))


def _seen_from(outputs: Outputs) -> str | None:
    if outputs.png is None or outputs.markdown is None:
        return None
    return Path(os.path.relpath(outputs.png.absolute(), outputs.markdown.absolute().parent)).as_posix()
