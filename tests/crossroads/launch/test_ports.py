import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from crossroads.errors import ConfigError
from crossroads.launch import ports


def test_a_port_that_is_taken_is_not_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        assert ports.free(usual) != usual


def test_the_usual_port_is_chosen_when_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
    assert ports.free(usual) == usual


@pytest.fixture
def airflow() -> Iterator[tuple[str, dict[str, object]]]:
    """An address that answers what a test puts into the dictionary, as Airflow's health page does."""
    said: dict[str, object] = {}

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", said
    server.shutdown()
    server.server_close()


def test_every_part_has_to_be_healthy(airflow: tuple[str, dict[str, object]]) -> None:
    address, said = airflow
    said |= {part: {"status": "healthy"} for part in ports.HEALTHY}
    assert ports.wait_healthy(address, lambda: None, 5) == []
    said["scheduler"] = {"status": "unhealthy"}
    assert ports.wait_healthy(address, lambda: None, 0.1) == ["scheduler"]


def test_waiting_stops_when_a_component_has_died() -> None:
    def dead() -> None:
        raise ConfigError("scheduler ended")

    with pytest.raises(ConfigError, match="scheduler ended"):
        ports.wait_healthy("http://127.0.0.1:9", dead, 60)
