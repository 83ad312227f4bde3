"""For all tests: one thread for each process, since small models only lose by more; and no deadlines but pytest's own."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
