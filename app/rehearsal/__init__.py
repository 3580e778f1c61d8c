"""The rehearsal: a whole recruitment through the same actions as the browser, on an injected clock."""
