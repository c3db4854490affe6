"""The protocol as its schema describes it, and what changes between two runtimes.

``bundle`` reads what a runtime emits, ``describe`` turns it into a ``Description``, ``diff`` compares two of them,
``rules`` says what each change means, ``report`` and ``show`` print. Pure: standard library only, no runtime, no
models; what touches files and runtimes is ``_transport.schemas``. The pipeline builds on both, and so does
``python -m openai_codex schema``.
"""
