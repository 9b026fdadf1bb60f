"""The monitor: from messages to notes, with the real segmenter, the real model and the real booking."""

import numpy as np
import pytest

from edge.diary.diary import Diary, MemoryLedger
from edge.diary.trend import TrendRow
from edge.encoder import AffectEncoder, Encoded
from edge.gait.walker import Walker, skeletons
from edge.monitor import NS, Monitor, Seen
from edge.wire import Frame, Message, Person, Tick, pack_body

HOUR_NS = 3600 * NS
START_NS = 1_800_000_000 * NS // HOUR_NS * HOUR_NS
VISIBLE = np.full(20, 0.9, np.float32)


class Home:
    """A monitor and the messages of a simulated home; time starts on the hour."""

    def __init__(self, encoder: AffectEncoder) -> None:
        self.ledger = MemoryLedger()
        self.monitor = Monitor(encoder, Diary(self.ledger, encoder.model_id, encoder.rung), ("hall",))
        self.t_ns, self.seq = 0, 0
        self.seen: list[Seen] = []

    def send(self, message: Message) -> Seen:
        seen = self.monitor.update(message)
        self.seen.append(seen)
        return seen

    def tick(self, *down: str) -> None:
        self.send(Tick(self.t_ns, START_NS + self.t_ns, down))

    def frame(self, people: tuple[Person, ...] = (), state: str = "ok") -> Seen:
        self.seq += 1
        return self.send(Frame("hall", self.seq, self.t_ns, START_NS + self.t_ns, state, people))  # type: ignore[arg-type]

    def walk(self, seconds: float, people: int = 1, seed: int = 0) -> None:
        t_s = np.arange(round(seconds * 30)) / 30
        walks = [skeletons(Walker(identity=n, affect="neutral", seed=seed), t_s) for n in range(people)]
        for n in range(len(t_s)):
            if self.t_ns // NS != (self.t_ns - NS // 30) // NS:
                self.tick()
            bodies = tuple(Person(seed * 10 + k, pack_body(walk[n], VISIBLE)) for k, walk in enumerate(walks))
            self.frame(bodies)
            self.t_ns += NS // 30

    def quiet(self, seconds: int, *, frames: bool = True, down: tuple[str, ...] = (), state: str = "ok") -> None:
        for _ in range(seconds):
            self.tick(*down)
            if frames:
                self.frame(state=state)
            self.t_ns += NS

    def row(self) -> TrendRow:
        self.monitor.flush()
        self.monitor.stop((START_NS + self.t_ns) / NS, for_good=True)
        return self.ledger.rows[0]

    @property
    def n_cycles(self) -> int:
        return sum(len(seen.cycles) for seen in self.seen)


@pytest.fixture
def home(encoder: AffectEncoder) -> Home:
    return Home(encoder)


def test_walks_become_cycles_affects_and_an_hourly_row(home: Home) -> None:
    for seed in range(4):
        home.walk(14, seed=seed)
        home.quiet(46)
    assert home.n_cycles >= 4 * 8
    assert sum(len(seen.judgements) for seen in home.seen) == home.n_cycles
    row = home.row()
    assert row.minutes_observed == 4
    assert row.minutes_paused == 56
    assert not row.held_back
    assert row.valence is not None
    assert row.valence_low <= row.valence <= row.valence_high  # type: ignore[operator]


def test_one_walk_is_held_back(home: Home) -> None:
    home.walk(14)
    home.quiet(46)
    row = home.row()
    assert row.minutes_observed == 1
    assert row.n_cycles == "<10"
    assert row.valence is None


def test_minutes_with_several_people_stay_out_of_the_mood(home: Home) -> None:
    for seed in range(4):
        home.walk(14, people=2, seed=seed)
        home.quiet(46)
    row = home.row()
    assert row.minutes_several_people == 4
    assert row.held_back


def test_what_the_supervisor_calls_down_is_a_fault(home: Home) -> None:
    home.quiet(60)
    home.quiet(60, frames=False, down=("hall",))
    home.quiet(60)
    row = home.row()
    assert (row.minutes_nobody, row.minutes_fault) == (2, 1)


def test_a_camera_that_falls_silent_is_a_fault(home: Home) -> None:
    home.quiet(60)
    home.quiet(120, frames=False)
    home.quiet(60)
    assert home.row().minutes_fault == 2


@pytest.mark.parametrize(("state", "kind"), [("dark", "unusable"), ("blocked", "unusable"), ("lost", "fault")])
def test_a_picture_without_sight_is_no_mood(home: Home, state: str, kind: str) -> None:
    home.quiet(60)
    home.quiet(60, state=state)
    home.quiet(60)
    row = home.row()
    assert getattr(row, f"minutes_{kind}") == 1


def test_missing_sequence_numbers_are_counted(home: Home) -> None:
    home.frame()
    home.seq += 7
    assert home.frame().n_gaps == 7
    home.seq = 0  # eyes that start anew are no gap
    assert home.frame().n_gaps == 0


def test_who_leaves_is_flushed_and_forgotten(home: Home) -> None:
    home.walk(5)
    assert home.monitor._cameras["hall"].people._walkers
    home.quiet(3)
    assert not home.monitor._cameras["hall"].people._walkers


def test_who_is_in_view_when_the_camera_dies_is_flushed_by_the_ticks(home: Home) -> None:
    home.walk(5)
    home.quiet(5, frames=False)
    assert not home.monitor._cameras["hall"].people._walkers


def test_the_same_messages_give_the_same_rows(encoder: AffectEncoder) -> None:
    rows = []
    for _ in range(2):
        home = Home(encoder)
        home.walk(14)
        home.quiet(46)
        rows.append(home.row())
    assert rows[0] == rows[1]


def test_a_clock_set_back_books_no_minute_twice(home: Home) -> None:
    home.quiet(180)
    home.t_ns -= 120 * NS
    home.quiet(180)
    row = home.row()
    assert row.minutes_nobody + row.minutes_fault == 4
    assert row.minutes_fault == 0


class Counting:
    """An encoder that counts its calls and their cycles; can be told to step down to another rung."""

    def __init__(self, encoder: AffectEncoder) -> None:
        self._encoder = encoder
        self.manifest, self.model_id, self.rung = encoder.manifest, encoder.model_id, "tensorrt"
        self.sizes: list[int] = []

    def encode(self, x_NTJC: np.ndarray, duration_s_N: np.ndarray) -> Encoded:
        self.sizes.append(len(x_NTJC))
        return self._encoder.encode(x_NTJC, duration_s_N)


def frames_of_many_cameras(n_cameras: int, seconds: float = 12.0) -> list[list[Frame]]:
    """For each moment the frames of all cameras, the same walker in each."""
    t_s = np.arange(round(seconds * 30)) / 30
    walk = skeletons(Walker(identity=0, affect="neutral", seed=0), t_s)
    moments = []
    for n, body in enumerate(walk):
        t_ns = n * NS // 30
        people = (Person(0, pack_body(body, VISIBLE)),)
        moments.append([Frame(f"room {k}", n, t_ns, START_NS + t_ns, "ok", people) for k in range(n_cameras)])
    return moments


def test_cycles_of_all_cameras_that_came_together_are_judged_in_one_call(encoder: AffectEncoder) -> None:
    counting = Counting(encoder)
    monitor = Monitor(counting, Diary(MemoryLedger(), "m", "tensorrt"))  # type: ignore[arg-type]
    seen = [seen for frames in frames_of_many_cameras(8) for seen in monitor.update_frames(frames)]
    n_cycles = sum(len(part.judgements) for part in seen)
    assert n_cycles >= 8 * 6
    assert set(counting.sizes) == {8}


def test_judged_together_or_one_by_one_is_the_same(encoder: AffectEncoder) -> None:
    told = []
    for together in (True, False):
        monitor = Monitor(encoder, Diary(MemoryLedger(), "m", "cpu"))
        seen = []
        for frames in frames_of_many_cameras(3):
            seen += monitor.update_frames(frames) if together else [monitor.update(frame) for frame in frames]
        told.append([timed for part in seen for timed in part.judgements])
    assert len(told[0]) == len(told[1])
    for one, other in zip(*told, strict=True):
        assert one.t_s == other.t_s
        np.testing.assert_allclose(one.judgement.posterior, other.judgement.posterior, atol=1e-6)  # type: ignore[union-attr]


def test_after_a_step_down_rows_name_the_new_rung_and_hold_its_moods_alone(encoder: AffectEncoder) -> None:
    counting = Counting(encoder)
    home = Home(counting)  # type: ignore[arg-type]
    for seed in range(3):
        home.walk(14, seed=seed)
        home.quiet(46)
    counting.rung = "cpu"
    home.walk(14, seed=9)
    home.quiet(46)
    row = home.row()
    assert row.rung == "cpu"
    assert row.minutes_observed == 4
    assert row.held_back, "one walk alone is held back: the three judged on the dropped rung do not count"


def test_more_cameras_than_a_home_has_are_not_followed(home: Home) -> None:
    for n in range(200):
        home.send(Frame(f"camera {n}", 0, 0, START_NS, "ok"))
    assert len(home.monitor._cameras) <= 64


def test_paused_minutes_add_up_however_unsteady_the_ticks(home: Home) -> None:
    home.quiet(600)
    paused_until_ns = home.t_ns + 1200 * NS
    while home.t_ns < paused_until_ns:  # a busy machine ticks late: whole seconds have no tick of their own
        home.send(Tick(home.t_ns, START_NS + home.t_ns, (), ("hall",)))
        home.t_ns += 2 * NS + NS // 3
    home.quiet(600)
    row = home.row()
    minutes = (row.minutes_nobody, row.minutes_paused, row.minutes_fault)
    assert minutes == (20, 40, 0)  # the rest of the hour is paused, too: it was stopped


def test_a_resume_that_takes_its_time_is_no_fault_but_a_silence_is(home: Home) -> None:
    home.quiet(130)
    for _ in range(50):
        home.send(Tick(home.t_ns, START_NS + home.t_ns, (), ("hall",)))
        home.t_ns += NS
    home.quiet(60)
    home.quiet(60, frames=False)
    row = home.row()
    assert (row.minutes_nobody, row.minutes_paused, row.minutes_fault) == (3, 56, 1)


def test_a_pause_of_one_place_leaves_the_other(encoder: AffectEncoder) -> None:
    ledger = MemoryLedger()
    monitor = Monitor(encoder, Diary(ledger, encoder.model_id, encoder.rung), ("hall", "stairs"))
    for second in range(3600):
        wall_ns = START_NS + second * NS
        monitor.update(Tick(second * NS, wall_ns, (), ("hall",)))
        monitor.update(Frame("stairs", second, second * NS, wall_ns, "ok"))
    monitor.stop(START_NS / NS + 3600, for_good=True)
    first = [row for row in ledger.rows if row.bucket_start_s == START_NS // NS]
    told = {row.place: (row.minutes_paused, row.minutes_nobody) for row in first}
    assert told == {"hall": (60, 0), "stairs": (0, 60)}
