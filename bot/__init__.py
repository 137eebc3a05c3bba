"""How the bot touches the world: HTTP, Slack, clock, schedule, settings, command line, wiring."""
