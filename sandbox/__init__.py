"""Stand-ins: small simulators that speak a vendor's own names and limits."""
