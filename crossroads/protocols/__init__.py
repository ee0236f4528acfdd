"""How systems are spoken to: HTTP, sign-in, paging, OData, GraphQL."""
