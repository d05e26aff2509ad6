"""Old links give the pictures that they gave: runs recorded before the redesign of the core (record.py says how)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.golden.record import FILE, states

with np.load(FILE) as told:
    RUNS = {link: told[link] for link in told.files}

PARTS = 24


def test_what_is_recorded() -> None:
    """The file is whole: as many runs as were recorded, and those that matter are among them."""
    assert len(RUNS) == 711
    for word in (
        "CLD",
        "PFGMPP",
        "Interpolant",
        "Anisotropic",
        "mode=forward",
        "start=exact",
        "guidance=ClassifierFree",
        "mnist-unet",
        "mnist-cld",
    ):
        assert any(word in link for link in RUNS), word


@pytest.mark.parametrize("part", range(PARTS))
def test_old_links_give_the_old_pictures(part: int) -> None:
    """On the machine that recorded, to the bit (``python -m tests.golden.record --check``); here to what another processor's rounding leaves."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for link in list(RUNS)[part::PARTS]:
            got, want = states(link), RUNS[link]
            assert got.shape == want.shape, link
            scale = np.abs(np.nan_to_num(want)).max(1, keepdims=True)
            far = np.abs(got - want) / scale
            assert np.nanmedian(far) < 1e-5, link  # a branch taken otherwise in one particle may move that one
            assert np.nanquantile(far, 0.9) < 1e-3, link
            assert np.array_equal(np.isnan(got), np.isnan(want)), link
    finally:
        torch.set_num_threads(threads)
