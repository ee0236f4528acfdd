"""A small Salesforce: OAuth2, SOQL, record collections and the refusals an org really answers with."""
