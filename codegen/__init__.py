"""The code generation pipeline: schema bundles in, ``src/openai_codex/_generated`` and its sync twin out."""
