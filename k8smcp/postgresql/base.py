"""The database backend: Django's own, but for what the pool gives out.

After a restart of the server every pooled connection is dead, and each would cost somebody an error. A connection that
has been ended can be read from: the server's farewell or the end of the stream is there. So a look at the socket tells,
in microseconds; asking the server, as CONN_HEALTH_CHECKS does, costs each hop a round trip.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """From the pool; the ended ones it gives out first are closed, so that it replaces them."""
        connection = super().get_new_connection(conn_params)
        for _ in range(self.pool.max_size if self.pool else 0):
            if not _ended(connection):
                break
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def _ended(connection: Any) -> bool:
    """Between two transactions a server that goes on has nothing to say."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
