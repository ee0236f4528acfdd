"""Shopify: customers both ways; orders, and their fulfilment when the ERP has delivered."""
