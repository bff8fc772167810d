"""One machine, one file: theory of operation, the table, then its guards and actions in the table's order."""
