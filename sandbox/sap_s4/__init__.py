"""A small SAP S/4HANA: partners and sales orders over OData V2, with SAP's real names and refusals."""

from sandbox.sap_s4.app import create

__all__ = ["create"]
