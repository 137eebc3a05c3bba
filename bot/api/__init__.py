"""The HTTP API, read-only: numbers, deploys, small changes and incidents, for programs with a token."""
