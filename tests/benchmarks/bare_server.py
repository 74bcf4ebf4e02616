"""The floor of `initialize` and `shutdown`: a pygls server that can do nothing."""

from pygls.lsp.server import LanguageServer

LanguageServer("bare", "1").start_io()
