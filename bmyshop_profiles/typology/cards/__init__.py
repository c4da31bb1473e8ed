"""What each profile is like, in figures and in words."""
