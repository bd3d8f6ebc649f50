"""Free Weights: what open models cost to run.

>>> import freeweights as fw
>>> glm, mac = fw.model("GLM-5.2"), fw.machine("Apple M3 Ultra 512GB")
>>> fw.fits(glm, mac, weights="4.5 bits").fits
True
"""

from .catalog import CatalogError, UnknownName
from .estimate import DoesNotFit
from .inference import cold_load, decode, prefill
from .machine import machine
from .memory import fits, slots
from .sweep import sweep
from .transformer import model

__all__ = [
    "CatalogError",
    "DoesNotFit",
    "UnknownName",
    "cold_load",
    "decode",
    "fits",
    "machine",
    "model",
    "prefill",
    "slots",
    "sweep",
]
