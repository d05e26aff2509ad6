"""Pages that are written from the project itself are current."""

from docs.figures import TARGET, count_of, document


def test_the_figures_of_image_models_are_those_of_their_cards() -> None:
    """Run ``python -m docs.figures`` after ``benchmarks.images --write-card``. Mutant killed: a card with figures that the page does not show."""
    assert TARGET.read_text(encoding="utf-8") == document()


def test_a_run_and_its_evaluations_are_told_apart() -> None:
    assert count_of("DDIM (VP), by class, 20 evaluations") == ("DDIM (VP), by class", 20)
    assert count_of("bits per dimension, test images (VP)") == ("bits per dimension, test images (VP)", 0)
