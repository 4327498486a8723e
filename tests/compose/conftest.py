"""conftest.py - the modules of the end-to-end tests and of deploy/ are here, too."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("tests/compose", "tests/e2e", "deploy"):
    sys.path.insert(0, str(ROOT / folder))
