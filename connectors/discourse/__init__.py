"""Discourse members and posts, read over its REST API."""
