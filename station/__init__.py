"""Golden-sample inspection station: a sealed sample becomes a measured master, and every unit is held to it."""

__version__ = "0.3.0"
