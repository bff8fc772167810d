"""What ends a search."""


class BrokenPromise(Exception):
    """The step that is being taken breaks a promise."""

    def __init__(self, promise: str, section: str) -> None:
        super().__init__(promise)
        self.promise, self.section = promise, section
