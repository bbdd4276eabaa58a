"""`python -m core.cli` is `nacre`."""

from core.cli import main

if __name__ == "__main__":
    main()
