"""How bytes reach a runtime: finding it, starting it, the pipes to it. Nothing but ``schemas`` knows the protocol."""
