"""Golden-sample inspection station: a sealed sample becomes a measured master, and every unit is held to it."""

import os

__version__ = "0.3.0"

# The station solves thousands of small systems of equations a unit. On several threads OpenBLAS is no faster with them,
# and on a busy machine six times slower: its threads wait for each other in a loop. Read when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
