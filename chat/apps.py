"""The conversation, as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Conversations"

    def ready(self) -> None:
        from chat import signals
        from chat.audit import guarding, people

        assert signals  # importing it is what connects it
        people.connect()
        post_migrate.connect(guarding.after_migrations, sender=self, dispatch_uid="audit")
