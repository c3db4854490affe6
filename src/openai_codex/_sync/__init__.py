# @generated from _async/__init__.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""The synchronous client. Written by hand; its synchronous twin is derived from it."""
