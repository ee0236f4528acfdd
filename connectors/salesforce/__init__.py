"""Salesforce contacts, cases and case comments over the REST API."""
