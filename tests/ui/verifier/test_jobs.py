"""Long examinations: one a visitor, few at a time, in the order in which they began."""

from __future__ import annotations

from tts_viz.ui.verifier.jobs import AT_ONCE, Jobs


def test_few_go_on_at_a_time_and_the_others_wait_for_their_turn() -> None:
    jobs = Jobs()
    begun = [jobs.begin(f"visitor {i}") for i in range(AT_ONCE + 2)]
    assert [jobs.before(job) for job in begun] == [*[0] * AT_ONCE, 1, 2]
    jobs.end("visitor 0", begun[0])
    assert [jobs.before(job) for job in begun[1:]] == [*[0] * AT_ONCE, 1]
    jobs.cancel("visitor 1")
    assert begun[1].cancelled
    assert jobs.before(begun[-1]) == 0


def test_a_visitor_who_begins_anew_goes_to_the_end_and_the_earlier_one_is_cancelled() -> None:
    jobs = Jobs()
    first, others = jobs.begin("one"), [jobs.begin(f"visitor {i}") for i in range(AT_ONCE)]
    second = jobs.begin("one")
    assert first.cancelled
    assert not second.cancelled
    assert [jobs.before(job) for job in [*others, second]] == [*[0] * AT_ONCE, 1]
    jobs.end("one", first)  # it has heard of it late
    assert jobs.before(second) == 1
    jobs.cancel("nobody")
