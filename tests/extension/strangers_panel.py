"""A panel of the page: which steps wait to be expanded."""

from markupsafe import Markup

from tts_viz.ui.html.markup import html, join
from tts_viz.ui.panels.base import PANELS, Moment, PagePanel


def draw(moment: Moment) -> Markup:
    waiting = [html('<button data-node="{}">{}</button>').format(n.id, n.text) for n in moment.tree.frontier()]
    return html('<p class="waiting">{} wait: {}</p>').format(len(waiting), join(waiting))


PANELS.add(
    "waiting",
    PagePanel(draw, title="Waiting", tabs=("search", "compare", "lesson"), css=".waiting { opacity: .8; }"),
)
