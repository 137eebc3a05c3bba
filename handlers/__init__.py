"""What the bot does: one file for each thing that can happen."""
