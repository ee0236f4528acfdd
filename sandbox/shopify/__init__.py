"""A stand-in for one Shopify shop: what customers and orders need of the Admin API, with its limits."""

from sandbox.shopify.app import ACCESS, create

__all__ = ["ACCESS", "create"]
