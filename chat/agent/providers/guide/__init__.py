"""The offline default: a rule-based planner that answers everyday questions with the real tools."""

from chat.agent.providers.guide.guide import Guide

__all__ = ["Guide"]
