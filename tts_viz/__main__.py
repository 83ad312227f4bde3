"""`python -m tts_viz`: see `cli`."""

import sys

from tts_viz.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
