"""The explorer on a port of this machine, until it is stopped. Nobody else's machine reaches it."""

import gc
import socket
from collections.abc import Callable

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.explorer.app import make_app
from bmyshop_profiles.explorer.reading import Reader
from bmyshop_profiles.settings import Settings

LOOPBACK = "127.0.0.1"


def serve(settings: Settings, *, port: int, month: str | None, told: Callable[[str], None]) -> None:
    """Answer until interrupted. port: 0 for any that is free; told: is given the address.

    Raises:
        BmyshopError: the port is taken, or the month is not there.
    """
    import uvicorn

    months = Reader(settings).months()
    if month is not None and month not in months:
        there = ", ".join(reversed(months)) or "none yet: bmyshop-profiles demo makes some"
        raise BmyshopError(f"{month} has not been made; the months of {settings.data_dir} are {there}")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((LOOPBACK, port))
            listening.listen()  # who follows the address at once waits, and is not refused
        except OSError as error:
            raise BmyshopError(f"port {port} cannot be had ({error.strerror}); name another one with --port, or 0 for any") from None
        told(f"http://{LOOPBACK}:{listening.getsockname()[1]}")
        config = uvicorn.Config(make_app(settings, month=month), log_level="warning", access_log=False, server_header=False)
        gc.freeze()  # what was loaded stays: looking through it again takes a tenth of a second of somebody's click
        uvicorn.Server(config).run(sockets=[listening])
