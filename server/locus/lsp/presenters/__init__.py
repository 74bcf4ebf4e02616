"""What runs and tasks look like in an editor. Pure functions from the model to words."""
