"""Show pictures to the model: from a file, from bytes, or from a file that the runtime reads itself.

    python images.py [PICTURE]

Without a picture, a small red square is used.
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from pathlib import Path

from openai_codex import AsyncCodex, ImageInput, LocalImageInput, Sandbox, TextInput
from openai_codex.types import ImageDetail

RED_SQUARE = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mP4z8BAEmIY1TCqYfhqAACQ+f8B8u7oVwAAAABJRU5ErkJggg=="
)


async def ask(codex: AsyncCodex, question: str, image: ImageInput | LocalImageInput) -> str | None:
    """Ask about one picture in a thread of its own."""
    thread = await codex.thread_start(ephemeral=True, sandbox=Sandbox.read_only)
    result = await thread.run([TextInput(question), image])
    return result.final_response


async def ask_about(picture: Path) -> None:
    """Ask three questions at the same time. Each gives the same picture in another way."""
    # The client reads the file and sends its content; the format is recognised by the content.
    by_path = await asyncio.to_thread(ImageInput.from_path, picture)
    # The content may come from anywhere. ``detail`` says how closely the model looks.
    content = await asyncio.to_thread(picture.read_bytes)
    by_bytes = ImageInput.from_bytes(content, detail=ImageDetail.original)
    # The runtime reads the file. Give it a whole path: its working directory may be another one.
    by_runtime = LocalImageInput(str(picture.resolve()))

    async with AsyncCodex() as codex:
        answers = await asyncio.gather(
            ask(codex, "What is this?", by_path),
            ask(codex, "Which colour has most of it?", by_bytes),
            ask(codex, "Describe it in one word.", by_runtime),
        )
    for name, answer in zip(("path", "bytes", "local"), answers, strict=True):
        print(f"{name + ':':<6} {answer}")


async def main() -> None:
    """Use the picture of the command line, or make one."""
    if len(sys.argv) > 1:
        await ask_about(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        picture = Path(directory, "square.png")
        picture.write_bytes(base64.b64decode(RED_SQUARE))
        await ask_about(picture)


if __name__ == "__main__":
    asyncio.run(main())
