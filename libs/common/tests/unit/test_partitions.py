"""Reports spread over the partitions 1 … P, each always to the same one."""

from collections import Counter

from melder_common.ids import new_id
from melder_common.partitions import CATALOGUE_PARTITION, partition_of


def test_reports_spread_evenly_and_never_into_the_catalogue() -> None:
    counts = Counter(partition_of(new_id(), 4) for _ in range(4000))
    assert CATALOGUE_PARTITION not in counts
    assert set(counts) == {1, 2, 3, 4}
    assert min(counts.values()) > 800


def test_a_report_stays_where_it_is() -> None:
    report = new_id()
    assert len({partition_of(report, 7) for _ in range(5)}) == 1
