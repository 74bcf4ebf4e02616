"""Where tasks live. One Protocol (protocol.py), several keepers; a keeper is imported only when it is chosen."""
