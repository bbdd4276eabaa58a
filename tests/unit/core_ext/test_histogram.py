"""The histogram against a sorted list: within 1 %, and exact where it says so."""

import math

import pytest
from hypothesis import given, strategies as st

from core_ext.histogram import BYTES, Histogram
from core_ext.region import Region

LATENCIES = st.lists(
    st.integers(0, 60_000_000_000) | st.integers(0, 300) | st.integers(0, 10**6), min_size=1, max_size=200
)


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(LATENCIES, st.sampled_from([0, 1, 50, 90, 99, 99.9, 99.99, 100]))
def test_percentiles_are_within_one_percent(values: list[int], p: float) -> None:
    exact = sorted(values)[max(0, math.ceil(p / 100 * len(values) - 1e-6) - 1)]
    assert exact <= filled(values).percentile(p) <= exact * 1.01


@given(LATENCIES, LATENCIES)
def test_merged_is_as_if_recorded_in_one(a: list[int], b: list[int]) -> None:
    merged, both = filled(a), filled(a + b)
    merged.merge(filled(b))
    assert merged.to_dict() == both.to_dict()
    assert (merged.min, merged.max, merged.sum) == (min(a + b), max(a + b), sum(a + b))


def test_the_dictionary_has_exactly_these_keys() -> None:
    assert filled([5] * 10).to_dict() == {"p50": 5, "p99": 5, "p999": 5, "p9999": 5, "max": 5, "count": 10}
    assert Histogram().to_dict() == {"p50": 0, "p99": 0, "p999": 0, "p9999": 0, "max": 0, "count": 0}


def test_out_of_range_is_clamped_and_counted() -> None:
    histogram = filled([-5, 10**12])
    assert (histogram.clamped, histogram.count, histogram.min, histogram.max) == (2, 2, 0, 10**12)
    assert histogram.percentile(100) >= 60 * 10**9


def test_every_bucket_border_keeps_the_promise() -> None:
    for power in range(36):
        for value in (2**power - 1, 2**power, 2**power + 1):
            if value <= 60 * 10**9:
                histogram = filled([value, 60 * 10**9])
                assert value <= histogram.percentile(50) <= value * 1.01


def test_another_object_reads_the_same_buffer() -> None:
    with Region.plain(BYTES) as region:
        writer = Histogram.format(region)
        writer.add(77, 3)
        reader = Histogram.attach(region)
        assert (reader.count, reader.percentile(50)) == (3, 77)
        writer.reset()
        assert (reader.count, reader.min, reader.max) == (0, 0, 0)
        del writer, reader


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="30784 are needed"):
        Histogram.format(bytearray(100))
    with pytest.raises(ValueError, match="histogram header: magic 0x0"):
        Histogram.attach(bytearray(BYTES))
    with pytest.raises(ValueError, match="percentile 101"):
        Histogram().percentile(101)
