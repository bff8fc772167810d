"""The control API: what a person, a test or a panel may do to a running station, over HTTP on loopback."""
