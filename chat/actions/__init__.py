"""Every write of the conversation: one verb a function, one transaction, journalled, then the bell."""
