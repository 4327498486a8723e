"""history_seed.py - the seed of all that the histories and cuts choose by chance.

Another one with each run, unless DONGKHOI_HISTORY_SEED gives it: pytest shows with a failure what a
test printed, so each of them prints it.
"""

import os
import random

SEED = int(os.environ.get("DONGKHOI_HISTORY_SEED") or random.SystemRandom().randrange(1 << 30))
