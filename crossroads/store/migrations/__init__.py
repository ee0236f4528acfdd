"""How the store's schema came to be, one revision a change; `crossroads.store.migrate` applies them."""
