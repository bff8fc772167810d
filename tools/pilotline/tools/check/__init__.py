"""The explorer: breadth-first over the real `step`, with the world as the source of events."""
