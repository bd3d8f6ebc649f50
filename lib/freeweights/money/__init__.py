"""Prices and costs that lessons share: an hour, a million tokens, a market, a bill.

Read `hourly_rate`, `assumptions` and `serving_costs` first: they turn a speed into dollars, and the others count with them.
"""

from . import (
    assumptions,
    deepseek_account,
    electricity,
    glm_host,
    hardware_trends,
    host_prices,
    hourly_rate,
    market,
    market_accounts,
    open_closed_switch,
    price_lists,
    self_hosting,
    serving_costs,
    token_capital,
    training_bills,
)

__all__ = [
    "hourly_rate",
    "electricity",
    "assumptions",
    "serving_costs",
    "price_lists",
    "training_bills",
    "deepseek_account",
    "self_hosting",
    "glm_host",
    "host_prices",
    "market",
    "market_accounts",
    "open_closed_switch",
    "token_capital",
    "hardware_trends",
]
