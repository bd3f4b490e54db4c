"""The program ``melder-intake``."""

from melder_common.starting import run_program


def main() -> None:
    """Run a command of the service."""
    run_program("melder_intake.commands")


if __name__ == "__main__":
    main()
