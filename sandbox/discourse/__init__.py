"""A small Discourse: the newest posts, the administrators' user list, and its call limit."""
