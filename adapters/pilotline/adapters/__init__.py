"""The world: each adapter turns facts into events and effects into deeds."""
