"""What each request of the Central System does: one decision table each."""
