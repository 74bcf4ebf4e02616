"""Starts a process that is nobody's child: neither a signal to the starter's group or session nor a walk down its process tree reaches it.

    python -I -S launcher.py STATUS -- argv...

STATUS is a pipe that a successful exec closes; otherwise it carries the errno. All other descriptors are inherited as they are. Standard
library only.
"""

import os
import signal
import sys


def main() -> None:
    status = int(sys.argv[1])
    os.set_inheritable(status, False)
    if os.environ.pop("LOCUS_NO_LC_CTYPE", None):
        os.environ.pop("LC_CTYPE", None)  # Python's addition
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606 - an argv list is the point
    except OSError as error:
        os.write(status, str(error.errno).encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    main()
