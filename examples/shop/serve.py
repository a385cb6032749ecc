"""Runs the shop until it is told to end."""

import signal
import sys
import threading

from shop import settings, web


def main() -> None:
    server = web.Server(settings.address(), web.Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("listening on http://{}:{}".format(*server.server_address), file=sys.stderr)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    server.server_close()


if __name__ == "__main__":
    main()
