"""Slack: hears what people do (Bolt), says what the bot has to say (slack_sdk)."""
