"""The app: `python app.py` opens the page, as `tts-viz app` does. Also the entry point of a Hugging Face Space."""

from __future__ import annotations

import sys

from tts_viz.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["app", *sys.argv[1:]]))
