"""What people read: the monthly report."""
