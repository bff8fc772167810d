"""What a charge point does: machines, decision tables and one pure function."""
