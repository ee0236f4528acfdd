"""`python -m sandbox.shopify --port P --seed FILE [--limits demo]`."""

from sandbox.serve import serve
from sandbox.shopify.app import create

if __name__ == "__main__":
    serve(create)
