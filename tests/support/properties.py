"""How hypothesis is used: few examples, no time limit on a shared machine, nothing kept on disk."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

modest = settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
