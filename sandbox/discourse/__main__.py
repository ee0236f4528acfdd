"""`python -m sandbox.discourse --port P [--seed FILE] [--limits demo]`."""

from sandbox.discourse.app import create
from sandbox.serve import serve

if __name__ == "__main__":
    serve(create)
