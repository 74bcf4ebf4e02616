"""What the server does for an editor, one request or notification a file. Loaded after `initialize` has been answered."""
