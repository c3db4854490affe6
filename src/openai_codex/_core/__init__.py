"""The protocol without input and output: bytes in, routed messages out.

Nothing in this package starts a thread or task, touches a socket, a process or a clock, so every decision can
be tested by feeding bytes. The engines (``openai_codex._engine``) do the waiting around it.
"""
