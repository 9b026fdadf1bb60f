"""Body of ``quietstep-train evaluate``: a table for people, JSON for machines, and the policy if one is given.

Promises: the JSON is written before the policy is asked, so that a broken bound never hides the figures. Refuses
(TrainingError) a bundle that breaks the policy, with one sentence for each bound.
"""

from pathlib import Path

from rich.console import Console

from trainer.evaluate_bundle import evaluate_bundle, table
from trainer.measured import write_json
from trainer.policy import evaluation_violations, read_policy, refuse


def run(bundle: Path, data: str, json: Path | None, policy: Path | None) -> None:
    """Score ``bundle`` on ``data`` and tell; raises BundleError, EncoderError, TrainingError."""
    bounds = None if policy is None else read_policy(policy)
    found = evaluate_bundle(bundle, data)
    if json is not None:
        write_json(json, found)
    Console().print(table(found))
    if bounds is not None:
        refuse(evaluation_violations(found, bounds))
