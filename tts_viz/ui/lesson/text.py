"""The lesson's texts as HTML: explained terms with a bubble that opens on hover, focus or tap; findings of a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from tts_viz.lesson import exercise
from tts_viz.lesson.exercise import PURSE, Attempts, ExerciseVerdict
from tts_viz.lesson.glossary import GLOSSARY, parts
from tts_viz.lesson.steps import STEPS, LessonStep
from tts_viz.render.javascript import component
from tts_viz.ui.html.markup import html, join


class LessonText(gr.HTML):
    """Text with explained terms: hover or focus shows the bubble, a tap or a click keeps it open, Escape closes it."""

    def __init__(self, value: Any = "", **kwargs: Any) -> None:
        super().__init__(
            value, js_on_load=component(Path(__file__).with_name("text.js")), apply_default_css=False, **kwargs
        )


def words(text: str) -> Markup:
    """A text of the lesson with its [[terms]] explained. Raises KeyError for a term that is not in the glossary."""
    return join(_term(shown, term) if term else html("{}").format(shown) for shown, term in parts(text))


def _term(shown: str, term: str) -> Markup:
    return html(
        '<span class="glossed"><button type="button" class="term" aria-expanded="false" aria-describedby="term-{0}">{1}</button>'
        '<span class="bubble" role="tooltip" id="term-{0}"><b>{2}</b> {3}</span></span>'
    ).format(term.replace(" ", "-"), shown, term, GLOSSARY[term])


def step_text(number: int) -> Markup:
    """Title and text of a step, or of the exercise."""
    if number > len(STEPS):
        return _page(number, exercise.TITLE, exercise.TERM, exercise.TEXT)
    step = STEPS[number - 1]
    return _page(number, step.title, step.term, step.text, step.trials[0].ask().question, step.see)


def _page(
    number: int, title: str, term: str, text: Sequence[str], question: str = "", see: Sequence[str] = ()
) -> Markup:
    looks = html("<ul>{}</ul>").format(join(html("<li>{}</li>").format(words(line)) for line in see)) if see else ""
    question_html = html('<p class="question">{}</p>').format(question) if question else ""
    return html('<article class="lesson"><h2><small>{} of {} · new word: {}</small> {}</h2>{}{}{}</article>').format(
        number,
        len(STEPS) + 1,
        term,
        title,
        join(html("<p>{}</p>").format(words(p)) for p in text),
        question_html,
        looks,
    )


def findings(sentences: Sequence[str], step: LessonStep | None = None) -> Markup:
    """The findings of a search, and with `step` the lesson drawn from them."""
    if not sentences:
        return Markup("")
    first, *rest = sentences
    return html('<section class="told" role="status"><p class="first">{}</p>{}{}</section>').format(
        first,
        html("<p>{}</p>").format(" ".join(rest)) if rest else "",
        html('<p class="after">{}</p>').format(step.after) if step else "",
    )


def board(attempts: Attempts) -> Markup:
    """The learner's last answer to each sum, and the generations left."""
    rows = join(_row(attempts, i, problem.question) for i, problem in enumerate(exercise.problems()))
    return html(
        '<div class="board"><p><b>{}</b> of {} generations left</p><div class="bar" role="presentation"><i class="used" '
        'style="width:{:.1f}%"></i></div><table><thead><tr><th>Sum</th><th>Last answer</th><th>Spent</th></tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(attempts.left, PURSE, min(attempts.spent / PURSE, 1) * 100, rows)


def _row(attempts: Attempts, number: int, question: str) -> Markup:
    last = attempts.last(number)
    mark, sign = ("", "–") if last is None else ("true", "✓") if last.right else ("false", "✗")
    answer = "" if last is None or last.answer is None else last.answer
    spent = sum(a.generations for a in attempts.made if a.problem == number)
    return html(
        '<tr><td>{}. <code>{}</code></td><td><code>{}</code> <span class="mark {}">{}</span></td><td>{}</td></tr>'
    ).format(number + 1, question.removeprefix("Evaluate "), answer, mark, sign, spent)


def judged(verdict: ExerciseVerdict) -> Markup:
    """The verdict of the check."""
    lines = join(html("<p>{}</p>").format(line) for line in verdict.lines[1:])
    return html('<section class="told {}" role="status"><p class="first">{}{}</p>{}</section>').format(
        "passed" if verdict.passed else "open", "🎉 " if verdict.passed else "", verdict.lines[0], lines
    )
