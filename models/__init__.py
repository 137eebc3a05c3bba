"""What the bot knows: the vocabulary, the arithmetic on it, the memory."""
