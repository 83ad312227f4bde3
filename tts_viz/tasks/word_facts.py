"""The language of the word problems: what a sentence says, in how many ways it may be said, and reading it again.

Knows nothing about solutions. Every sentence that is written here is also read here, and so are a few more that people
type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tts_viz.errors import ProblemError
from tts_viz.tasks.calculation import LARGEST

NAMES = (
    "Ann", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ida", "Jack", "Kim", "Leo", "Mia", "Noah", "Olga", "Paul",
    "Rosa", "Sam", "Tom", "Uma", "Vera", "Will", "Yara", "Zoe", "Amir", "Bela", "Carl", "Dora", "Emma", "Fred", "Gina", "Hugo",
)  # fmt: skip
"""Those that the models have learnt; no name begins another."""

THINGS = (
    "apples", "pears", "plums", "marbles", "coins", "books", "cards", "shells", "stamps", "pencils", "stones", "beads",
)  # fmt: skip

Kind = Literal["given", "more", "fewer", "twice", "three times", "four times", "half", "sum"]

SAYINGS: dict[Kind, tuple[str, ...]] = {
    "given": ("{who} has {n} {thing}", "{who} owns {n} {thing}", "{who} starts with {n} {thing}"),
    "more": ("{who} has {n} more than {a}", "{who} has {n} more {thing} than {a}", "{who} has {n} {thing} more than {a}"),
    "fewer": ("{who} has {n} fewer than {a}", "{who} has {n} fewer {thing} than {a}", "{who} has {n} less than {a}"),
    "twice": ("{who} has twice as many as {a}", "{who} has twice as many {thing} as {a}", "{who} has double what {a} has"),
    "three times": ("{who} has three times as many as {a}", "{who} has three times as many {thing} as {a}"),
    "four times": ("{who} has four times as many as {a}", "{who} has four times as many {thing} as {a}"),
    "half": ("{who} has half as many as {a}", "{who} has half as many {thing} as {a}", "{who} has half of what {a} has"),
    "sum": ("{who} has as many as {a} and {b} together", "{who} has as many {thing} as {a} and {b} together",
            "{a} and {b} together have as many as {who}"),
}  # fmt: skip
"""What a fact may be put as; in a solution it is put the first way."""

AGE = "{who} is {n} years old"

QUESTIONS = ("How many {thing} does {who} have?", "How many {thing} has {who}?")

SIGN: dict[Kind, str] = {
    "more": "+", "fewer": "-", "twice": "*", "three times": "*", "four times": "*", "half": "/", "sum": "+",
}  # fmt: skip

BY: dict[Kind, int] = {"twice": 2, "three times": 3, "four times": 4, "half": 2}
"""what the other number is multiplied or divided by"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence: how many `who` has. `n` is the number in it, for the kinds that have one; `of` the others named in it."""

    who: str
    kind: Kind
    n: int = 0
    of: tuple[str, ...] = ()

    def operands(self, known: Mapping[str, int]) -> tuple[int, str, int]:
        """What is to be worked out, what was looked up first. All of `of` must be known."""
        a = known[self.of[0]]
        b = known[self.of[1]] if self.kind == "sum" else BY.get(self.kind, self.n)
        return a, SIGN[self.kind], b

    def say(self, thing: str = "", way: int = 0) -> str:
        a, b = (*self.of, "", "")[:2]
        return SAYINGS[self.kind][way].format(who=self.who, n=self.n, thing=thing, a=a, b=b)


@dataclass(frozen=True, slots=True)
class Story:
    """What a problem says: one fact a person, how many `thing` each has; and whose number is asked for."""

    thing: str
    facts: Mapping[str, Fact]
    asked: str

    def given(self) -> dict[str, int]:
        return {f.who: f.n for f in self.facts.values() if f.kind == "given"}

    def needed(self) -> set[str]:
        """Those whose number must be worked out to answer."""
        found: set[str] = set()
        waiting = [self.asked]
        while waiting:
            fact = self.facts[waiting.pop()]
            if fact.kind != "given" and fact.who not in found:
                found.add(fact.who)
                waiting += fact.of
        return found

    def ready(self, known: Mapping[str, int]) -> list[Fact]:
        """Facts whose number can be worked out next and is not known yet, needed or not."""
        return [f for f in self.facts.values() if f.who not in known and all(o in known for o in f.of)]


# --- reading ------------------------------------------------------------------------------------------------------

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TIMES: dict[str, Kind] = {
    "twice": "twice", "double": "twice", "2 times": "twice", "two times": "twice",
    "three times": "three times", "3 times": "three times", "four times": "four times", "4 times": "four times",
    "half": "half",
}  # fmt: skip

_WHO, _N = r"([a-z]+)", rf"(\d+|{'|'.join(WORDS)})"
_THING = r"(?: ([a-z]+))?"
_HAS = rf"{_WHO} (?:has|had|owns|got|has got)"
_GIVEN = re.compile(rf"{_WHO} (?:has|had|owns|got|has got|starts with) {_N} ([a-z]+)")
_OFFSET = re.compile(rf"{_HAS} {_N}{_THING} (more|fewer|less){_THING} than {_WHO}(?: has| does)?")
_TIMES = re.compile(
    rf"{_HAS} ({'|'.join(TIMES)}) (?:(?:as many|as much|the number of){_THING} as|(?:of )?what|of) {_WHO}(?: has| does)?"
)
_SUM = re.compile(
    rf"{_HAS} (?:as many|the same number of){_THING} as {_WHO} and {_WHO} (?:(?:have |do )?(?:together|combined)|in all)"
)
_SUM_TURNED = re.compile(rf"{_WHO} and {_WHO} together have as many{_THING} as {_WHO}")
_AGE = re.compile(rf"{_WHO} is {_N}(?: years old)?")
_QUESTION = re.compile(rf"how many{_THING} (?:(?:does|did) {_WHO} have|(?:has|had) {_WHO})(?: got)?")

EXAMPLE = "Ann has 14 apples. Ben has 15 more than Ann. How many apples does Ben have?"


def read(text: str) -> tuple[Story, str]:
    """What a text says, and the text in words that the models know. Raises ProblemError, with what to change."""
    facts: dict[str, Fact] = {}
    things: dict[str, str] = {}
    said: list[str] = []
    question: tuple[str, str] | None = None
    for sentence in sentences(text):
        if m := _QUESTION.fullmatch(sentence.lower()):
            if question:
                raise ProblemError(f"Ask one question only; “{sentence}?” is a second one.")
            question = _name(m[2] or m[3]), _thing(m[1]) if m[1] else ""
        elif m := _AGE.fullmatch(sentence.lower()):
            said.append(AGE.format(who=_name(m[1]), n=_number(m[2])))
        else:
            fact, thing = statement(sentence)
            if fact.who in facts:
                raise ProblemError(f"“{sentence}” is a second sentence on what {fact.who} has; only one may be there.")
            facts[fact.who] = fact
            if thing:
                things[fact.who] = thing
            known = [fact.say(thing, way) for way in range(len(SAYINGS[fact.kind]))]
            said.append(sentence if sentence in known else known[0])
    if not question:
        raise ProblemError(f"There is no question: end with one, as in “{EXAMPLE}”")
    story = _story(facts, things, *question)
    asking = [q.format(thing=story.thing, who=story.asked) for q in QUESTIONS]
    last = next((q for q in asking if text.rstrip().endswith(q)), asking[0])
    return story, " ".join([*(f"{s}." for s in said), last])


def states_one(text: str) -> bool:
    """Is every sentence one that `read` knows the form of, and one a question?"""
    said = [sentence.lower() for sentence in sentences(text)]
    forms = (_QUESTION, _GIVEN, _OFFSET, _TIMES, _SUM, _SUM_TURNED, _AGE)
    return any(map(_QUESTION.fullmatch, said)) and all(any(f.fullmatch(s) for f in forms) for s in said)


def _story(facts: dict[str, Fact], things: dict[str, str], asked: str, thing: str) -> Story:
    """The facts about the things that are asked for. What somebody has of another thing is beside the question."""
    if asked not in facts:
        raise ProblemError(f"Nothing says what {asked} has, but the question asks for it.")
    if not thing:
        found = list(dict.fromkeys(things.values()))
        if len(found) != 1:
            raise ProblemError(f"Say in the question what is counted: {' or '.join(found) or 'apples, for example'}.")
        thing = found[0]
    about = {who: fact for who, fact in facts.items() if things.get(who, thing) == thing}
    if asked not in about:
        raise ProblemError(f"{asked} has {things[asked]}, but the question is about {thing}.")
    for fact in about.values():
        for other in fact.of:
            if other not in about:
                raise ProblemError(f"Nothing says how many {thing} {other} has, but “{fact.say()}” needs it.")
    return Story(thing, about, asked)


def statement(sentence: str) -> tuple[Fact, str]:
    """The fact that a sentence states, and the thing that it names, if any. Raises ProblemError where it is none."""
    plain = sentence.lower()
    if m := _GIVEN.fullmatch(plain):
        return Fact(_name(m[1]), "given", _number(m[2])), _thing(m[3])
    if m := _OFFSET.fullmatch(plain):
        kind: Kind = "more" if m[4] == "more" else "fewer"
        named = m[3] or m[5]
        return Fact(_name(m[1]), kind, _number(m[2]), (_name(m[6]),)), _thing(named) if named else ""
    if m := _TIMES.fullmatch(plain):
        return Fact(_name(m[1]), TIMES[m[2]], 0, (_name(m[4]),)), _thing(m[3]) if m[3] else ""
    if m := _SUM.fullmatch(plain):
        return Fact(_name(m[1]), "sum", 0, (_name(m[3]), _name(m[4]))), _thing(m[2]) if m[2] else ""
    if m := _SUM_TURNED.fullmatch(plain):
        return Fact(_name(m[4]), "sum", 0, (_name(m[1]), _name(m[2]))), _thing(m[3]) if m[3] else ""
    raise ProblemError(
        f"“{sentence}” is not understood: say it like “Ann has 14 apples”, “Ben has 15 more than Ann”, “Cleo has twice as many "
        "as Ben”, “Dan has half as many as Cleo” or “Eva has as many as Ann and Ben together”."
    )


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, and those that “and” or a comma joins, without what ends them."""
    for piece in re.split(r"[.?!;\n]+", text):
        for sentence in re.split(
            r",?\s+and\s+(?=\w+\s+(?:has|had|owns|starts)\s)|,\s+(?:and\s+)?(?=\w+\s+(?:has|had|owns|is)\s)", piece
        ):
            if plain := " ".join(sentence.split()).strip(" ,"):
                yield plain


def _name(word: str) -> str:
    if word.title() not in NAMES:
        raise ProblemError(f"{word.title()} is not among the names that are known: {', '.join(NAMES)}.")
    return word.title()


def _thing(word: str) -> str:
    found = word if word in THINGS else f"{word}s"
    if found not in THINGS:
        raise ProblemError(f"{word.capitalize()} are not among the things that are known: {', '.join(THINGS)}.")
    return found


def _number(word: str) -> int:
    n = WORDS.index(word) + 1 if word in WORDS else int(word[:6])
    if not 1 <= n <= LARGEST:
        raise ProblemError(f"All numbers must be from 1 to {LARGEST}; {word[:6]} is not.")
    return n
