"""Runs one agent or command and ends only when nothing of it is left, whatever it forked.

    python -I -S supervisor.py CONTROL STATUS HELD INTERRUPT_GRACE TERMINATE_GRACE -- argv...
    python -I -S supervisor.py ORDERS

CONTROL   pipe that only the caller writes: `i` = stop gracefully, `k` = kill, end of file (it is gone) = stop gracefully
STATUS    pipe to the caller, a line each: `failed ERRNO`, or `started PID` and at the end `exited CODE` (128 + signal if signalled)
HELD      descriptors of lock files, separated by commas: kept open until the end, closed in the agent
GRACE     seconds between SIGINT to the agent's group, SIGTERM to the whole tree and SIGKILL to the whole tree
ORDERS    socket (SEQPACKET) to the caller, for which a supervisor is forked for each order, until it is gone. An order is `f`, then
          the folder, the graces, the number of arguments, they, and the environment, separated by NUL, with the descriptors of stdin,
          stdout, stderr, CONTROL, STATUS and HELD; the answer `forked PID` or `failed ERRNO`. `rPID`: it has ended, and is to be reaped

The agent inherits stdin, stdout and stderr; nothing passes through here. Standard library only, and little of it: a start is felt. Linux:
as a child subreaper this becomes the parent of whatever daemonises itself, and the agent dies with this process, should it be killed.
Elsewhere (untested) that escapes, unless it stays in the agent's process group.
"""

import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

RUNNING, INTERRUPTED, TERMINATED, KILLED = range(4)
LEAK_GRACE = 0.2  # seconds from SIGTERM to SIGKILL for what a finished agent left behind
KILL_POLL, KILL_POLL_MAX = 0.01, 0.25  # seconds between looks while something does not die
KILL_BURST = 0.1  # seconds at a stretch for which what comes anew is killed
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def listen_to_signals() -> int:
    """The end of a pipe that becomes readable at every signal, with the signals' numbers as bytes."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *STOP_SIGNALS):
        signal.signal(number, lambda *_: None)
    return reading


def start(argv: list[bytes], env: dict[bytes, bytes]) -> tuple[int, int]:
    """The agent's pid, in a process group of its own, and 0; or the errno of why it could not be executed."""
    reading, writing = os.pipe()  # closed by a successful exec
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(127)  # it died before that
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, *STOP_SIGNALS):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.setpgid(0, 0)
            os.execvpe(argv[0], argv, env)  # noqa: S606 - an argv list is the point
        except OSError as error:
            os.write(writing, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(writing)
    failure = os.read(reading, 16)
    os.close(reading)
    return pid, int(failure or 0)


def leave_stdio() -> None:
    """The agent alone holds the pipes, so that a caller sees them end, and its own folder may go."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)
    os.chdir("/")


def table() -> list[tuple[int, int, int]]:
    """(pid, parent, process group) of every living process."""
    if sys.platform != "linux":
        import subprocess

        with subprocess.Popen(["/bin/ps", "-axo", "pid=,ppid=,pgid=,stat="], stdout=subprocess.PIPE, text=True) as ps:
            rows = [row.split() for row in ps.communicate()[0].splitlines()]
        return [(int(pid), int(parent), int(group)) for pid, parent, group, state in rows if state[0] != "Z" and int(pid) != ps.pid]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
                    stat = file.read()
            except OSError:
                continue  # gone meanwhile
            state, parent, group = stat[stat.rindex(b")") + 2 :].split(maxsplit=3)[:3]  # proc(5)
            if state not in (b"Z", b"X"):
                found.append((int(name), int(parent), int(group)))
    return found


def everything(agent: int) -> set[int]:
    """The living processes below this one, and those of the agent's group."""
    below: dict[int, list[int]] = {}
    found: set[int] = set()
    todo = [os.getpid()]
    for pid, parent, group in table():
        below.setdefault(parent, []).append(pid)
        if group == agent:
            found.add(pid)
    while todo:
        children = below.get(todo.pop(), ())
        found.update(children)
        todo.extend(children)
    return found


def kill_everything(agent: int) -> None:
    """SIGKILL to all, and at once to what comes to us as they die: what forks faster than we read a process table never stands in one."""
    send(everything(agent), signal.SIGKILL)
    killed: set[int] = set()
    until = time.monotonic() + KILL_BURST
    while (new := children() - killed) and time.monotonic() < until:
        send(new, signal.SIGKILL)
        killed |= new


def children() -> set[int]:
    """Our children, living or not; none where the kernel does not list them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb", buffering=0) as file:
            return {int(pid) for pid in file.read().split()}
    except OSError:
        return set()


def send(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue  # gone, or another user's


def reap(agent: int) -> tuple[int | None, bool]:
    """(the agent's exit code if it ended just now, whether any child is left)"""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code, False
        if pid == 0:
            return code, True
        if pid == agent:
            code = os.waitstatus_to_exitcode(status)


def supervise(agent: int, control: int, signals: int, graces: tuple[float, float]) -> int:
    """Returns the agent's exit code once nothing is left of it. Looks at the process table only while it ends something."""
    stage, pause = RUNNING, KILL_POLL
    deadline: float | None = None
    code: int | None = None
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(signals, select.POLLIN)

    def move_to(new: int) -> None:
        nonlocal stage, deadline
        stage = new
        if stage == INTERRUPTED:
            send({-agent}, signal.SIGINT)
            deadline = time.monotonic() + graces[0]
        elif stage == TERMINATED:
            send(everything(agent), signal.SIGTERM)
            deadline = time.monotonic() + (graces[1] if code is None else LEAK_GRACE)
        else:
            kill_everything(agent)
            deadline = time.monotonic() + pause

    while True:
        ended, left = reap(agent)
        if not left and sys.platform != "linux":
            left = bool(everything(agent))  # orphans are not our children there
        if ended is not None:
            code = ended
            if left and stage < KILLED:
                move_to(TERMINATED)
        if not left:
            return code if code is not None else 255
        ready = poll.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000)
        asked = b""
        for fd, _ in ready:
            said = os.read(fd, 1024)
            if fd == control:
                if not said:
                    poll.unregister(control)
                asked += said or b"i"
            elif any(number in STOP_SIGNALS for number in said):
                asked += b"i"
        if b"k" in asked:
            move_to(KILLED)
        elif b"i" in asked and stage == RUNNING:
            move_to(INTERRUPTED)
        elif deadline is not None and time.monotonic() >= deadline:
            if stage == KILLED:
                pause = min(pause * 1.5, KILL_POLL_MAX)
            move_to(min(stage + 1, KILLED))


def run(argv: list[bytes], env: dict[bytes, bytes], control: int, status: int, graces: tuple[float, float]) -> "NoReturn":
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signals = listen_to_signals()
    agent, failure = start(argv, env)
    if failure:
        os.write(status, b"failed %d\n" % failure)
        os._exit(127)
    os.write(status, b"started %d\n" % agent)
    leave_stdio()
    code = supervise(agent, control, signals, graces)
    code = code if code >= 0 else 128 - code
    os.write(status, b"exited %d\n" % code)
    os._exit(code)


def serve(orders: int) -> "NoReturn":
    """Never returns but in what it forks, which never returns either."""
    import socket

    line = socket.socket(fileno=orders)
    os.set_inheritable(orders, False)
    prctl(PR_SET_CHILD_SUBREAPER, 0)  # loads what they need
    os.get_exec_path({})
    while True:
        order, fds, _, _ = socket.recv_fds(line, 1 << 17, 253)
        if not order:
            os._exit(0)
        if order.startswith(b"r"):
            os.waitpid(int(order[1:]), 0)
            continue
        try:
            pid = os.fork()
        except OSError as error:
            line.send(b"failed %d" % (error.errno or 0))
        else:
            if pid == 0:
                line.close()
                obey(order[1:].split(b"\0"), fds)
            line.send(b"forked %d" % pid)
        for fd in fds:
            os.close(fd)


def obey(order: list[bytes], fds: list[int]) -> "NoReturn":
    os.setsid()
    for number, fd in enumerate(fds[:3]):
        os.dup2(fd, number)
        os.close(fd)
    for fd in fds[3:]:
        os.set_inheritable(fd, False)
    control, status = fds[3:5]
    folder, graces, env = order[0], (float(order[1]), float(order[2])), 4 + int(order[3])
    try:
        os.chdir(folder)
    except OSError as error:
        os.write(status, b"failed %d\n" % (error.errno or 0))
        os._exit(127)
    pairs = (pair.partition(b"=") for pair in order[env:])
    run(order[4:env], {name: value for name, _, value in pairs}, control, status, graces)


def main() -> None:
    if len(sys.argv) == 2:
        serve(int(sys.argv[1]))
    control, status, held = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for fd in (control, status, *(int(fd) for fd in held.split(",") if fd)):
        os.set_inheritable(fd, False)
    env = dict(os.environb)
    env.pop(b"LOCUS_STARTED_BY", None)  # orphans.py: what carries it is not an orphan
    if env.pop(b"LOCUS_NO_LC_CTYPE", None):
        env.pop(b"LC_CTYPE", None)  # Python's addition
    run([os.fsencode(word) for word in sys.argv[7:]], env, control, status, (float(sys.argv[4]), float(sys.argv[5])))


if __name__ == "__main__":
    main()
