"""The budget meters: what the search has cost so far, and how much of the budget that is."""

from __future__ import annotations

from markupsafe import Markup

from tts_viz.core.budget import Cost
from tts_viz.core.tree import Tree
from tts_viz.ui.html.markup import amount, html, join

TIPS = {
    "Generations": "Full answers' worth of policy calls: the x-axis of test-time-compute papers. "
    "A beam that compares N candidates at each depth costs N.",
    "Tokens": "Everything the two models read or wrote. The verifier reads every step that the policy writes.",
    "Compute": "Floating-point operations: 2 × parameters × tokens, policy and verifier together.",
    "Time": "Seconds spent computing. Pauses do not count.",
}


def meters(tree: Tree, elapsed: float) -> Markup:
    """Four meters. Generations are shown against the budget; tokens and compute are split by model."""
    spent, cap = tree.spent, tree.settings.budget.generations
    return html('<div class="meters">{}</div>').format(
        join(
            [
                _meter(
                    "Generations",
                    f"{tree.generations}" + (f" of {cap}" if cap else ""),
                    [("used", tree.generations / cap if cap else 0.0)],
                    f"{spent.policy_calls} steps sampled, {spent.verifier_calls} readings by the verifier",
                ),
                _shared("Tokens", spent.generated + spent.prefilled, spent.verifier_tokens, "", _again(spent)),
                _shared("Compute", spent.policy_flops, spent.verifier_flops, "FLOP"),
                _meter("Time", f"{elapsed:.1f} s", [], _rate(spent, elapsed)),
            ]
        )
    )


def _again(spent: Cost) -> str:
    return f" · {amount(spent.reread)} read again, because memory is full" if spent.reread else ""


def _shared(name: str, policy: float, verifier: float, unit: str, more: str = "") -> Markup:
    total = policy + verifier
    parts = [("policy", policy / total), ("verifier", verifier / total)] if total else []
    return _meter(
        name,
        f"{amount(total, space=bool(unit))}{unit}",
        parts,
        f"policy {amount(policy)} · verifier {amount(verifier)}{more}",
    )


def _meter(name: str, value: str, parts: list[tuple[str, float]], note: str) -> Markup:
    bars = join(
        html('<i class="{}" style="width:{:.1f}%"></i>').format(kind, min(share, 1.0) * 100) for kind, share in parts
    )
    bar = html('<div class="bar" role="presentation">{}</div>').format(bars) if parts else Markup("")
    return html(
        '<div class="meter" title="{}"><div class="name">{}</div><div class="value">{}</div>{}<div class="note">{}</div></div>'
    ).format(TIPS[name], name, value, bar, note)


def _rate(spent: Cost, elapsed: float) -> str:
    return f"{amount(spent.generated / elapsed)} tokens written a second" if elapsed > 0.2 and spent.generated else ""
