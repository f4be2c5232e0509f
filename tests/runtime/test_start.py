"""Cores: servers of one machine do not meet on one while another is free."""

import multiprocessing
import sys

import pytest

from functions.runtime.start import free_core

CORES = [9001, 9002, 9003]  # that no machine has, so that no server has taken them


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has cores to stay on")
def test_each_server_takes_a_core_of_its_own_until_it_ends() -> None:
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        chosen = {free_core(CORES), free_core(CORES)}
        (left,) = set(CORES) - chosen

        assert pool.apply(free_core, (CORES,)) == left
        assert pool.apply(free_core, (CORES,)) == left  # the one before has ended


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has cores to stay on")
def test_where_all_are_taken_any_will_do() -> None:
    assert {free_core([9004, 9005]) for _ in range(64)} == {9004, 9005}
