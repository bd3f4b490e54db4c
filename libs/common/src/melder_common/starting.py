"""Starting a program of many modules: nobody looks for garbage while they are imported."""

import gc
from importlib import import_module


def run_program(module: str) -> None:
    """Import ``module`` and run its ``app``, a Typer program.

    What is imported stays until the end. Looking through all of it for garbage again and again
    takes a sixth of a service's start and finds next to nothing; later collections pass it by too.
    """
    gc.disable()
    try:
        program = import_module(module).app
    finally:
        gc.enable()
    gc.freeze()
    program()
