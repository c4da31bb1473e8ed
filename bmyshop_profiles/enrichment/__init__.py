"""What one more variable about members would be worth."""
