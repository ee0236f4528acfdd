"""`python -m sandbox.salesforce --port P [--seed FILE] [--limits demo]`."""

from sandbox.salesforce.app import create
from sandbox.serve import serve

if __name__ == "__main__":
    serve(create)
