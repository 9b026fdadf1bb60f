"""Body of ``quietstep-train explain``: a trained model and labelled data in; maps, pictures and a report out.

Promises: ``maps.json`` is whole or not there and is written before any picture. Refuses (TrainingError) names of people
the data does not have, and what ``explain`` refuses.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.errors import TrainingError
from edge.gait.skeleton import LANDMARKS, N_BODY
from trainer.compare import fingerprint
from trainer.cycles import UNLABELLED, Cycles, Reading
from trainer.explain import Explanation, explain, explainable
from trainer.explain_figure import draw_walk
from trainer.explain_findings import Findings
from trainer.explain_map import Effort
from trainer.explain_network import explained
from trainer.explain_pictures import draw_curves, draw_maps
from trainer.explain_report import markdown, table, verdicts
from trainer.inspect_summary import labels_of
from trainer.measured import write_json
from trainer.readers import read_cycles
from trainer.whole_file import write_whole
from trainer.work import read_fit


def run(
    work: Path, data: str, out: Path, people: Sequence[str], other: Path | None, effort: Effort | None = None
) -> None:
    """Explain the model kept in ``work`` on ``kind:path``, perhaps only on some people; raises TrainingError."""
    trained = read_fit(work)
    rival = None if other is None else explained(read_fit(other).paper_a())
    reading = read_cycles(data)
    cycles = of_people(reading.cycles, people)
    console = Console()
    with Console(stderr=True).status("explaining"):
        found = explain(explained(trained.paper_a()), cycles, rival, effort)
    same = fingerprint(cycles.acted()) == trained.data_sha256
    told = findings(data, reading, cycles, found, same)
    write(out, told, found)
    console.print(table(told))
    for sentence in verdicts(told):
        console.print(sentence, highlight=False, soft_wrap=True)
    console.print(f"Written: maps.json, maps.png, figure.png, deletion.png, report.md in {out}", highlight=False,
                  soft_wrap=True)  # fmt: skip


def of_people(cycles: Cycles, people: Sequence[str]) -> Cycles:
    """Cycles of these people, of all where none is named; raises TrainingError for a stranger to the data."""
    known = set(cycles.subject_N.tolist())
    unknown = [who for who in people if who not in known]
    if unknown:
        some = ", ".join(sorted(known)[:5])
        raise TrainingError(
            f"nobody called {', '.join(unknown)} in the data", f"names such as {some}", "Correct --people."
        )
    return cycles.take(np.isin(cycles.subject_N, list(people))) if people else cycles


def findings(data: str, reading: Reading, cycles: Cycles, found: Explanation, same: bool) -> Findings:
    """What is written to ``maps.json``."""
    used = explainable(cycles)
    names = sorted(set(used.subject_N.tolist()))
    return Findings(
        data=data,
        provenance=reading.provenance,
        labels="acted" if (used.acted_N >= 0).any() else "perceived",
        n_labelled=int((labels_of(cycles) != UNLABELLED).sum()),
        n_cycles=len(used),
        n_people=len(names),
        people=names,
        trained_on_these=same,
        n_refused=len(reading.refused),
        accuracy=found.accuracy,
        landmarks=list(LANDMARKS[:N_BODY]),
        maps=list(found.maps),
        deletion=found.deletion,
        insertion=found.insertion,
    )


def write(out: Path, told: Findings, found: Explanation) -> None:
    """All files of an explanation; raises TrainingError."""
    write_json(out / "maps.json", told)
    title = f"What the model looks at: {told.n_cycles} cycles of {told.n_people} people, accuracy {told.accuracy:.2f}"
    draw_maps(found.maps, title, out / "maps.png")
    draw_walk(found.maps, found.walks_TJC, title, out / "figure.png")
    draw_curves(found.deletion, found.insertion, out / "deletion.png")
    write_whole(out / "report.md", markdown(told).encode())
