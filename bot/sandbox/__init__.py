"""A local Slack workspace: the Web API that the bot uses, strict about Slack's limits, and a page to act in it."""
