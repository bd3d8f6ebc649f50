"""Free Weights: what open models cost to run.

>>> import freeweights as fw
>>> glm, mac = fw.model("GLM-5.2"), fw.machine("Apple M3 Ultra 512GB")
>>> fw.fits(glm, mac, weights="4.5 bits").fits
True
"""

from .cost.estimate import DoesNotFit
from .cost.grid import sweep
from .cost.inference import cold_load, decode, prefill
from .cost.memory import fits, max_sequences
from .facts.catalog import CatalogError, UnknownName
from .machines.machine import machine
from .models.speculation import Speculation
from .models.transformer import model

__all__ = [
    "CatalogError",
    "DoesNotFit",
    "Speculation",
    "UnknownName",
    "cold_load",
    "decode",
    "fits",
    "machine",
    "max_sequences",
    "model",
    "prefill",
    "sweep",
]
