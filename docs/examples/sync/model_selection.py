"""List the models with what they can do, and choose a model and a reasoning effort."""

from __future__ import annotations

from openai_codex import Codex, Sandbox


def main() -> None:
    """Print all models, then use the default one with its lowest and its highest effort."""
    with Codex() as codex:
        models = list(codex.all_models())
        for model in models:
            efforts = ", ".join(option.reasoning_effort.value for option in model.supported_reasoning_efforts)
            print(f"{'*' if model.is_default else ' '} {model.display_name:<14} {efforts}")

        chosen = next(model for model in models if model.is_default)
        thread = codex.thread_start(model=chosen.model, sandbox=Sandbox.read_only)
        print(f"\n{thread.model} by itself thinks with effort {chosen.default_reasoning_effort.value}.")

        # An effort holds from its turn on. The efforts of a model are listed from the lowest to the highest.
        efforts_of_chosen = [option.reasoning_effort for option in chosen.supported_reasoning_efforts]
        for effort in (efforts_of_chosen[0], efforts_of_chosen[-1]):
            result = thread.run("What is the 10th prime number?", effort=effort)
            print(f"{effort.value}: {result.final_response}")


if __name__ == "__main__":
    main()
