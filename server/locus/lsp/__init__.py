"""The editor's face. `locus.lsp.launch.serve` starts it; this package imports nothing by itself."""
