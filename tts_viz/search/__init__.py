"""Running searches: sessions, their requests, commands by hand, replay, and the scheduler. Knows no model and no page."""
