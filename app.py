"""The app: `python app.py` opens the page. Also the entry point of a Hugging Face Space."""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def main() -> None:
    parser = argparse.ArgumentParser(description="Watch and steer a language model searching for an answer.")
    parser.add_argument("--host", default=None, help="address to listen on (default: this machine only; 0.0.0.0: all)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument("--policy", action="append", help="offer this policy instead (folder or hub id; repeatable)")
    parser.add_argument("--verifier", action="append", help="offer this verifier instead (repeatable)")
    args = parser.parse_args()

    from tts_viz.scheduler import Scheduler
    from tts_viz.ui.models import POLICIES, VERIFIERS, Models
    from tts_viz.ui.page import build_page, launch_options

    models = Models(tuple(args.policy or POLICIES), tuple(args.verifier or VERIFIERS))
    models.warm_up()
    page = build_page(models, Scheduler())
    page.queue(max_size=128).launch(server_name=args.host, server_port=args.port, **launch_options())


if __name__ == "__main__":
    main()
