"""Every number the segmenter uses, in one frozen value, with where it comes from.

Promises: one place for all of them. Unless a comment says otherwise a value was brought along from an earlier study of
marker trials and then stood against others, leave-one-person-out (`python -m tests.bench.segmentation choose`):
axis_time_constant_s, rank, n_lags, n_fit, half_width_s, min_height, min_swing, min_lead, refractory_period_share,
min_excursion, max_correlation, min_rhythm, n_open, n_outside, swap_cost_ratio and the frontal ones were chosen so
without each of 25 people (n_lags without 24). Limits of cycles have no label to be chosen by. `rate_hz` is the rate of
the inner grid, not of the camera. Refuses to be changed once made.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GaitSettings:
    """Settings of `CycleSegmenter`; times in seconds, lengths in leg lengths, shares in [0, 1]."""

    rate_hz: float = 30.0
    # Clock. Spacing up to 2.5 grid steps is a slow camera; wider is a gap whose grid samples count as filled.
    max_spacing_s: float = 2.5 / 30.0
    max_gap_s: float = 0.5
    # Landmarks.
    min_visibility: float = 0.5
    swap_cost_ratio: float = 0.6
    swap_doubt_s: float = 0.5
    swap_max_step_s: float = 0.15
    # Body frame.
    # gait.md used 1 s; on tight turns (2.5 rad/s) its lag costs contacts. 0.15 was chosen without each of 25 people.
    axis_time_constant_s: float = 0.15
    # Singular spectrum.
    n_window: int = 90
    n_first: int = 24
    n_lags: int = 24
    rank: int = 6
    # Facing the camera (hip axis across the picture) forward is depth, the worst axis: heights of the feet are
    # stacked with it. A share of 1 or more switches this off.
    frontal_share: float = 0.8
    frontal_rank: int = 6
    height_weight: float = 2.0
    # Walking gate.
    min_excursion: float = 0.12
    max_correlation: float = -0.2
    # A body at rest in the noise of MediaPipe has 0.44 to 0.79, walks under 20 mm of white noise above 0.85.
    min_rhythm: float = 0.7
    n_open: int = 24
    n_close: int = 30
    # Contacts.
    half_width_s: float = 0.3
    min_height: float = 0.05
    # A landing foot is ahead of the other one, a leaving foot behind it, by at least this share of the lesser range.
    min_lead: float = -0.3
    # Around a peak the measured foot moves at least half of min_excursion and this share of the window's range.
    min_swing: float = 0.2
    swing_window_s: float = 0.5
    refractory_s: float = 0.45
    refractory_period_share: float = 0.45
    # Samples to either side of a peak that its time is fitted to; no more than n_delay, or they are not there yet.
    n_fit: int = 3
    # 4 scatters a little less and was chosen without 24 of 25 people; 3 tells a contact one frame (33 ms) sooner.
    n_delay: int = 3
    n_delay_flush: int = 1
    # Samples that the recurrence adds before the start and after the end of a walk, so that a contact there is not
    # lost. It is told at the first or last frame, so it may be no farther away than this.
    n_outside: int = 3
    max_outside_s: float = 0.06
    # Both offsets are those of a period of offset_period_s and grow with it (seconds per second). Walks of usual speed
    # choose 0; walks played at half and double speed ask for 0.033, the 169 walks of video pose among themselves for
    # 0.055. This keeps the offset of a contact the same share of its period.
    offset_period_s: float = 1.1
    offset_per_period: float = 0.018
    contact_offset_s: float = 0.020
    # Middle of what five groups of labelled trials ask for (20 to 74 ms; the labels' own kinds differ that much).
    final_offset_s: float = 0.040
    # Cycles.
    min_cycle_s: float = 0.4
    max_cycle_s: float = 2.5
    min_opposite_phase: float = 0.35
    max_opposite_phase: float = 0.65
    max_filled: float = 0.2
    max_period_error: float = 0.25
    # Fidgeting legs have 0.76 to 0.94, walks seen by MediaPipe above 0.9 in 95 of 100 cycles.
    min_energy_share: float = 0.9
    max_limb_change: float = 0.3
    min_stance: float = 0.4
    max_stance: float = 0.85
    turning_rad: float = 0.44
