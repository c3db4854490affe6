# The synchronous twin of this file is derived line for line: run "make generate".
"""The asynchronous client. Written by hand; its synchronous twin is derived from it."""
