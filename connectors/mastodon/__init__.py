"""Mastodon: mentions and their authors in, replies out."""
