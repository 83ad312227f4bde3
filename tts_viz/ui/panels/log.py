"""The log of events, newest first."""

from tts_viz.ui.html.event_log import event_log
from tts_viz.ui.panels.base import PANELS, PagePanel

PANELS.add("log", PagePanel(lambda moment: event_log(moment.happened)))
