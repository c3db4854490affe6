"""Show pictures to the model: from a file, from bytes, or from a file that the runtime reads itself.

    python images.py [PICTURE]

Without a picture, a small red square is used.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from openai_codex import Codex, ImageInput, LocalImageInput, Sandbox, TextInput
from openai_codex.types import ImageDetail

RED_SQUARE = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mP4z8BAEmIY1TCqYfhqAACQ+f8B8u7oVwAAAABJRU5ErkJggg=="
)


def ask_about(picture: Path) -> None:
    """Ask about the same picture, given in three ways."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)

        # The client reads the file and sends its content; the format is recognised by the content.
        result = thread.run([TextInput("What is this?"), ImageInput.from_path(picture)])
        print("path: ", result.final_response)

        # The content may come from anywhere. ``detail`` says how closely the model looks.
        content = picture.read_bytes()
        image = ImageInput.from_bytes(content, detail=ImageDetail.original)
        result = thread.run([TextInput("Which colour has most of it?"), image])
        print("bytes:", result.final_response)

        # The runtime reads the file. Give it a whole path: its working directory may be another one.
        result = thread.run([TextInput("Compare it with this one."), LocalImageInput(str(picture.resolve()))])
        print("local:", result.final_response)


def main() -> None:
    """Use the picture of the command line, or make one."""
    if len(sys.argv) > 1:
        ask_about(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as directory:
        picture = Path(directory, "square.png")
        picture.write_bytes(base64.b64decode(RED_SQUARE))
        ask_about(picture)


if __name__ == "__main__":
    main()
