"""Which kind of shopper stands behind a receipt: what items say, and how well."""
