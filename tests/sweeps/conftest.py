import pytest
import torch


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Cells of a test are kept in its own folder, and compared with runs on one thread, as cells are."""
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path / "cache"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
