"""The GraphQL documents: what is asked of a customer and of an order, and the questions it is asked in."""

LINES = 10
"""Order lines that come with their order; more would make a page of orders cost over 1,000 points."""

ADDRESS = "id address1 address2 city zip provinceCode countryCodeV2 company firstName lastName phone"

CUSTOMER = (
    "id firstName lastName locale state createdAt updatedAt defaultEmailAddress { emailAddress } "
    f"defaultPhoneNumber {{ phoneNumber }} defaultAddress {{ {ADDRESS} }}"
)

LINE = "id sku name quantity originalUnitPriceSet { shopMoney { amount } }"

ORDER = (
    "id name createdAt processedAt updatedAt cancelledAt closedAt currencyCode displayFinancialStatus "
    "displayFulfillmentStatus customer { id } totalPriceSet { shopMoney { amount } } "
    f"lineItems(first: {LINES}) {{ nodes {{ {LINE} }} pageInfo {{ hasNextPage endCursor }} }}"
)

COUNT = "query { customersCount(limit: null) { count precision } }"

SHOP = "query { shop { name } }"

MORE_LINES = (
    "query ($id: ID!, $after: String) { order(id: $id) { lineItems(first: 250, after: $after) "
    f"{{ nodes {{ {LINE} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)

BY_CUSTOM_ID = (
    "query ($identifier: CustomerIdentifierInput!) "
    f"{{ customerByIdentifier(identifier: $identifier) {{ {CUSTOMER} }} }}"
)

TASKS = (
    "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order "
    "{ fulfillmentOrders(first: 20) { nodes { id status } pageInfo { hasNextPage } } } } }"
)

_SELECTED = {"customers": ("Customer", CUSTOMER), "orders": ("Order", ORDER)}


def listing(stream: str) -> str:
    """Return the question for a page of a stream, oldest change first."""
    return (
        "query ($first: Int!, $after: String, $query: String) "
        f"{{ {stream}(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) "
        f"{{ nodes {{ {_SELECTED[stream][1]} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


def by_ids(stream: str) -> str:
    """Return the question for records by their ids."""
    kind, fields = _SELECTED[stream]
    return f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {kind} {{ {fields} }} }} }}"


def gid_kind(stream: str) -> str:
    """Return the type in the ids of a stream: `gid://shopify/<type>/<number>`."""
    return _SELECTED[stream][0]
