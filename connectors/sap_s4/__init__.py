"""SAP S/4HANA: business partners and sales orders over the released OData services."""
