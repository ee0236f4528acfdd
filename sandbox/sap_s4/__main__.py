"""`python -m sandbox.sap_s4 --port P [--seed FILE]`."""

from sandbox.sap_s4.app import create
from sandbox.serve import serve

if __name__ == "__main__":
    serve(create)
