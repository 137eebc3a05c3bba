"""The methods of the Web API that the sandbox answers, by name."""

from bot.sandbox.api import apps, canvases, conversations, files, history, messages, reactions, users, views

METHODS = {
    **apps.METHODS,
    **canvases.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **history.METHODS,
    **messages.METHODS,
    **reactions.METHODS,
    **users.METHODS,
    **views.METHODS,
}
