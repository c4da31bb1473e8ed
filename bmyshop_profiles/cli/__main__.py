"""`python -m bmyshop_profiles.cli`."""

from bmyshop_profiles.cli import main

main()
