"""Commands of the `yinzhao` program, one module per topic."""
