"""The conversation, as a Django app."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Conversations"

    def ready(self) -> None:
        from chat import signals

        assert signals  # importing it is what connects it
