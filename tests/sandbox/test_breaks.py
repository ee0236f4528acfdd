"""A line of breaks.yaml that does not fit the code any more breaks nothing, and would prove nothing."""

from sandbox.breaks import ROOT, kept


def test_every_break_fits_the_code_and_names_tests_that_are_there() -> None:
    for one in kept():
        assert (ROOT / one.file).read_text().count(one.old) == 1, one.of
        assert one.old != one.new, one.of
        assert [name for name in one.tests if not (ROOT / name.split("::")[0]).exists()] == [], one.of
