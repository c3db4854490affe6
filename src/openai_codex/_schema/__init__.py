"""The protocol as its schema describes it, and what changes between two runtimes.

``bundle`` reads what a runtime emits, ``describe`` turns it into a ``Description``, ``diff`` compares two of them,
``rules`` says what each change means, ``report`` and ``show`` print. Pure: standard library only, no runtime, no
models. Only ``sources`` touches the world: it gets what a user names, be it a file or a runtime. The pipeline builds
on all of it, and so does ``python -m openai_codex schema``.
"""
