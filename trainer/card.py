"""The model card: what a bundle is made of, what it can and cannot do, in words a person can read.

Promises: figures are the manifest's own. Refuses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.affect import CLASSES
from edge.bundle import Figure

if TYPE_CHECKING:
    from trainer.release import Plan

_LIMITS = """\
## Limits

- Trained on actors who were asked to walk in a mood, once each. Acted moods are larger than lived ones. Nothing
  here was measured on people who felt that mood at home.
- It is wrong about a stranger's single cycle about as often as the figures above say. Only the mean over many
  cycles of many walks is meant to be read, and only as a change against what is usual for a place.
- Thirty young adults, without walking aids, from one laboratory. Children, old people, pain, a limp, Parkinson's
  disease or a heavy bag change gait in ways it has not seen; some of these it will take for a mood.
- Duration of the cycle counts: a slow walker without any mood tends towards sad, a fast one towards angry.
{removed}
- A person filmed at home is not an actor of this set: the level of each class carries an unknown constant error.
  Changes carry less of it.
- The score refuses what is not a walk (tested: body upside down, noise, a frozen pose, shuffled frames, a leg that
  does not move, walking backwards, left and right exchanged). It does not know every way of walking.
- Not a medical device. Never a reason for a decision about a person.
"""


_REMOVED: Final = {
    "paper-a": """\
- Trunk flexion and absolute stride size are removed on purpose (sources of motion data disagree about both by more
  than affect moves them), though bent, short steps are signs of sadness. Arms are seen relative to the stride.
""",
    "swaps": """\
- The mean trunk is set upright on purpose (sources of motion data disagree about it by more than affect moves it),
  though a bent trunk is a sign of sadness.
- It learned from synthetic walkers too. These move as published gait correlates of affect say (sad: slow, little arm
  swing, bent; angry: fast, long steps; happy: fast, bouncy, wide swing): what it knows of them is those sentences, not
  people. That it recognises synthetic walkers through a camera proves the camera's part of the way, not the mood's.
""",
}
_MODEL: Final = {
    "paper-a": """\
The autoencoder of Malek-Podjaski & Deligianni 2021 (two encoders, one decoder, IC layers, three losses
with the cross targets of their equation 1) and a CNN on the affect code. Only the affect encoder, the
CNN, the temperature and the out-of-distribution score are in the bundle.""",
    "swaps": """\
Harmonics of segment angles and landmarks over the cycle, an affect code of four numbers from each of three small
networks, a linear classifier. Trained on cycles with the walker exchanged (equation 1 of Malek-Podjaski &
Deligianni 2021, without its decoder): the training people's, clean and as MediaPipe would have told them from every
side, and synthetic walkers' likewise. A walk and its mirror image get the same answer.""",
}


def model_card(plan: Plan, used: str, evaluation: tuple[Figure, ...], privacy: tuple[Figure, ...]) -> str:
    """Markdown text of the card."""
    settings = plan.settings
    return "\n".join(
        [
            f"# {plan.model_id} {plan.version}",
            "",
            f"Estimates acted affect ({', '.join(CLASSES)}) from one normalised gait cycle.",
            "",
            "## Data and terms",
            "",
            f"{used[0].upper()}{used[1:]}. The recordings are the BML part of E-Gait (STEP, Bhattacharya et al.,",
            "AAAI 2020), made from Ma, Paterson & Pollick 2006. They are for research use and must not be passed on;",
            "this bundle holds weights only. Golden inputs are synthetic walkers.",
            "",
            "## Model",
            "",
            _MODEL[settings.method],
            f"Seed {settings.seed}, {settings.n_epochs} epochs, fixed beforehand.",
            "",
            "## Figures",
            "",
            *_table(evaluation),
            "",
            "Settings were compared on the same people these figures come from (trainer/LOG.md), so they are a little",
            "optimistic. Intervals: 95 %, resampling people.",
            "",
            "## Privacy",
            "",
            *_table(privacy),
            "",
            "The affect code never leaves the device's runtime. A subject code, where there is one, never leaves the",
            "trainer.",
            "",
            _LIMITS.format(removed=_REMOVED[settings.method].rstrip()),
        ]
    )


def _table(figures: tuple[Figure, ...]) -> list[str]:
    rows = [f"| {figure.name} | {_value(figure)} | {figure.note} |" for figure in figures]
    return ["| figure | value | how |", "|---|---|---|", *rows]


def _value(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g}"
    return f"{figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g})"
