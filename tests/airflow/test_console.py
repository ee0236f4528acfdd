"""The page in Airflow's navigation: who may see it, what it says, and in which language."""

from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


def test_without_a_login_the_page_is_refused(airflow: dict[str, Any]) -> None:
    assert airflow["page"]["anonymous"] == 401
    assert airflow["page"]["forged"] in (401, 403)
    assert airflow["page"]["anonymous elsewhere"] in (401, 404)


def test_somebody_who_may_only_look_sees_every_system_and_that_all_agree(airflow: dict[str, Any]) -> None:
    assert airflow["page"]["status"] == 200
    page = airflow["page"]["en"]
    assert "All systems agree." in page
    assert "<td>left</td>" in page
    assert "<td>right</td>" in page


def test_a_red_run_says_on_the_page_which_system_failed_and_why(airflow: dict[str, Any]) -> None:
    assert "left.people: pull failed: The notebook does not answer." in airflow["page"]["en"]


def test_the_page_speaks_the_language_of_the_browser(airflow: dict[str, Any]) -> None:
    assert "Todos los sistemas coinciden." in airflow["page"]["es"]
    assert '<html lang="es">' in airflow["page"]["es"]


def test_nothing_of_the_page_is_cached_and_nothing_foreign_runs_in_it(airflow: dict[str, Any]) -> None:
    headers = airflow["page"]["headers"]
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_the_page_is_in_airflows_navigation(airflow: dict[str, Any]) -> None:
    (plugin,) = airflow["page"]["navigation"]["plugins"]
    (view,) = plugin["external_views"]
    assert (view["destination"], view["href"]) == ("nav", "/crossroads/")
