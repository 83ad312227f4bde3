"""The outcome under different scores, in sentences for people. `what_if` does the analysis; knows nothing about pages."""

from __future__ import annotations

from tts_viz.analysis.judge import Solution
from tts_viz.analysis.phrases import and_more, count
from tts_viz.analysis.what_if import Reconsidered, Rival, WhatIf


def in_words(whatif: WhatIf) -> list[str]:
    """Sentences for people: the decisions, the answer, and what cannot be known."""
    sentences = [_decisions(whatif), _others(whatif), *_answers(whatif), _unsure(whatif), _unexplored(whatif)]
    return [sentence for sentence in sentences if sentence]


def _decisions(whatif: WhatIf) -> str:
    total, changed = len(whatif.by_rank), whatif.changed
    if not total:
        return (
            "" if whatif.others else "This search pruned nothing by rank, so only the choice of the answer can change."
        )
    if not changed:
        return f"{f'All {total} decisions' if total > 1 else 'The one decision'} would have gone the same way."
    ties = sum(d.by_tie for d in changed)
    first = next((d for d in changed if not d.by_tie), changed[0])
    which = "at" if total == 1 else "the first, at" if first is changed[0] else "the first that was more than a tie, at"
    tied = f", {ties} of them only in how a tie fell" if ties else ""
    return (
        f"{len(changed)} of {count(total, 'decision')} would have gone another way{tied}; "
        f"{which} depth {first.decision.depth}, would have {_exchange(first)}."
    )


def _exchange(decision: Reconsidered) -> str:
    """ "kept “25*2=50 …” (0.81, ranked 3 of 16) and 1 more instead of “…” (0.20, ranked 9) and 1 more":
    names the best rival gained and the worst one lost."""
    gained, lost = ([r for r in decision.flips if r.kept == kept] for kept in (True, False))
    rivals = len(decision.rivals)
    if not gained:
        return f"pruned {_named(lost[-1], len(lost), f' of {rivals}')}"
    kept = f"kept {_named(gained[0], len(gained), f' of {rivals}')}"
    return f"{kept} instead of {_named(lost[-1], len(lost))}" if lost else kept


def _named(rival: Rival, of: int, among: str = "") -> str:
    score = "no score" if rival.new_score is None else f"{rival.new_score:.2f}"
    return and_more(f"“{rival.text}” ({score}, ranked {rival.new_rank}{among})", of - 1)


def _others(whatif: WhatIf) -> str:
    others = len(whatif.others)
    how = "was made by shares or by chance and is" if others == 1 else "were made by shares or by chance and are"
    return f"{count(others, 'decision')} {how} left as {'it was' if others == 1 else 'they were'}." if others else ""


def _answers(whatif: WhatIf) -> list[str]:
    old, new, after = (ranked[0] if ranked else None for ranked in (whatif.before, whatif.reranked, whatif.after))
    if not (old and new):
        return ["No solution was found, so there is no answer to compare."]
    outcome = _instead(old, new)
    if not whatif.changed:
        return [f"The answer would {outcome}."]
    choice = f"If only the choice at the end had gone by these scores, the answer would {outcome}."
    if not whatif.lost:
        lost = "No solution that was found would have been lost"
    else:
        lost = f"{len(whatif.lost)} of {count(len(whatif.before), 'solution')} would never have been found"
    return [choice, f"{lost}; of what is known, the answer would {_instead(old, after)}." if after else f"{lost}."]


def _instead(old: Solution, new: Solution) -> str:
    if (new.answer or new.node) == (old.answer or old.node):
        return f"still have been {_answer_text(new)}"
    return f"have been {_answer_text(new)} instead of {_answer_text(old)}"


def _answer_text(solution: Solution) -> str:
    answer = solution.answer or f"“{solution.text.rpartition(chr(10))[2]}”"
    return answer + {True: " ✓", False: " ✗", None: ""}[solution.correct]


def _unsure(whatif: WhatIf) -> str:
    n = len(whatif.unsure)
    would = f"{count(n, 'solution')} would"
    return (
        f"{would} have met other rivals on the way, so nobody knows whether they would have come through." if n else ""
    )


def _unexplored(whatif: WhatIf) -> str:
    n = len(whatif.unexplored)
    if not n:
        return ""
    tried = "1 branch that would have been kept was" if n == 1 else f"{n} branches that would have been kept were"
    unknown = f"{tried} never tried, so what {'it leads' if n == 1 else 'they lead'} to is unknown"
    if whatif.promising is None:
        return f"{unknown}."
    promising = len(whatif.promising)
    if n == 1:
        return f"{unknown}; it could {'still' if promising else 'not'} reach the goal."
    return f"{unknown}; {'all' if promising == n else promising or 'none'} of them could still reach the goal."
