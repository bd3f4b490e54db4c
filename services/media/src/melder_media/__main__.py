"""The program ``melder-media``."""

from melder_common.starting import run_program


def main() -> None:
    """Run a command of the service."""
    run_program("melder_media.commands")


if __name__ == "__main__":
    main()
