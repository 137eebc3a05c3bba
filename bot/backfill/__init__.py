"""Reads what a sender did before the bot was there, through the sender's own API."""
