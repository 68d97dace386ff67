"""Run by Python's site module before the program: times its imports, samples its stacks, and tells the platform through
sockets of its own. Without them it does nothing; whatever goes wrong in here, it falls silent. The user's own sitecustomize
runs afterwards. The records are described in hook.cjs."""
import sys
import time

_began = time.monotonic_ns()


def _restore(here):
    """Gives the environment and the path back as the user made them, for the program and for its children."""
    import os
    env = os.environ
    spec = env.pop("WEFT_HOOK", "")
    path = [p for p in env.get("PYTHONPATH", "").split(":") if p != here]
    if "PYTHONPATH" in env:
        if path and path != [""]:
            env["PYTHONPATH"] = ":".join(path)
        else:
            del env["PYTHONPATH"]
    options = env.get("NODE_OPTIONS", "")
    at = options.rfind("--require=")
    if spec and at >= 0:
        env["NODE_OPTIONS"] = options[:at].rstrip()
        if not env["NODE_OPTIONS"]:
            del env["NODE_OPTIONS"]
    sys.path[:] = [p for p in sys.path if p != here]
    sys.path_importer_cache.pop(here, None)
    return spec


def _mine(fd, inode):
    import os
    import stat
    s = os.fstat(fd)
    if not stat.S_ISSOCK(s.st_mode) or str(s.st_ino) != inode:
        return False
    os.set_inheritable(fd, False)
    return True


def _plain(s):
    return str(s)[:1024].replace("\t", "?").replace("\n", "?").replace("\r", "?")


def _start(spec):
    import os
    import _frozen_importlib as importlib
    from _thread import allocate_lock, get_ident
    from itertools import count

    fields = spec.split(":")
    fd = int(fields[0])
    if not _mine(fd, fields[1]):
        return
    clock, write, modules = time.monotonic_ns, os.write, sys.modules
    pid = os.getpid()
    prefix = "%d\t" % pid
    least = 200_000  # ns: what takes less and holds no others is left to the one that asked for it
    stacks = {}  # thread: its imports under way, each its id or 0, name and start
    state = {"fd": fd, "lost": 0}
    ids = count(1)
    lock = allocate_lock()  # orders the records of several threads
    ends = []  # records that wait to be sent
    queued = []  # what the socket had no room for

    def send(text=""):
        if ends:
            text = "".join(ends) + text
            ends.clear()
        if state["fd"] < 0 or not text:
            return
        if len(queued) < 1000:
            queued.append(text.encode("utf-8", "replace"))
        else:
            state["lost"] += 1
        try:
            while queued:
                # A write this short goes whole or not at all.
                if write(state["fd"], queued[0]) != len(queued[0]):
                    state["fd"] = -1
                del queued[0]
            if state["lost"]:
                ends.append("%sD\t%d\n" % (prefix, state["lost"]))
                state["lost"] = 0
        except BlockingIOError:
            pass
        except OSError:
            state["fd"] = -1

    def origin(name):
        module = modules.get(name)
        spec = getattr(module, "__spec__", None)
        return getattr(spec, "origin", None) or getattr(module, "__file__", None) or ""

    find = importlib._find_and_load

    def announce(stack, thread):
        parent = 0
        for frame in list(stack):
            if not frame[0]:
                frame[0] = next(ids)
                # The file is not known before it is found; it comes with the end.
                ends.append("%sB\t%d\t%d\t%d\t%d\t%s\t\n" % (prefix, frame[0], parent, frame[2], thread, frame[1]))
            parent = frame[0]
        return parent

    # An import that is found in sys.modules does not come here.
    def _find_and_load(name, import_):
        thread = get_ident()
        stack = stacks.get(thread)
        if stack is None:
            stack = stacks[thread] = []
        frame = [0, name, clock()]
        stack.append(frame)
        error = ""
        try:
            return find(name, import_)
        except BaseException as e:
            error = _plain("%s: %s" % (type(e).__name__, e))
            raise
        finally:
            end = clock()
            with lock:
                if error and not frame[0]:
                    announce(stack, thread)
                stack.pop()
                if frame[0]:
                    ends.append("%sE\t%d\t%d\t0\t%s\t%s\n" % (prefix, frame[0], end, error, _plain(origin(name))))
                elif end - frame[2] >= least:
                    parent = announce(stack, thread) if stack else 0
                    ends.append("%sX\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t0\n" % (
                        prefix, next(ids), parent, frame[2], end, thread, name, _plain(origin(name))))
                if not stack:
                    del stacks[thread]
                    send()
                elif len(ends) > 50:
                    send()

    def watch():
        """Makes imports known that do not end; called every 10 ms from a thread of its own. Says whether there are any."""
        late = clock() - 20_000_000
        for thread, stack in list(stacks.items()):
            with lock:
                if stack and stack[-1][2] < late and not stack[-1][0]:
                    announce(stack, thread)
                    send()
        return bool(stacks)

    if fields[-1] == "profile":
        _sample(int(fields[2]), bool) if _mine(int(fields[2]), fields[3]) else None
        return

    # Python leaves frames of this file out of a traceback.
    code = _find_and_load.__code__
    _find_and_load.__code__ = code.replace(co_filename=find.__code__.co_filename)
    importlib._find_and_load = _find_and_load

    def forked():
        nonlocal lock
        lock = allocate_lock()  # another thread may have held it
        state["fd"] = -1
        importlib._find_and_load = find

    os.register_at_fork(after_in_child=forked)
    asked = len(fields) > 3 and _mine(int(fields[2]), fields[3])
    _sample(int(fields[2]) if asked else -1, watch)
    send("%sH\tpython\t0\t0\t0\t0\t%d\t%d\n" % (prefix, _began, clock()))


def _sample(fd, watch):
    """Samples all threads 100 times a second into a ring, and answers the platform from the same thread: Python code that
    never ends does not keep it from running, a C function that never gives up the interpreter's lock does. Without fd it
    only watches the start."""
    import os
    from _thread import get_ident, start_new_thread
    from _collections import deque

    ring = deque(maxlen=3000)  # 30 s of one busy thread
    clock, sleep, read, frames_of = time.monotonic_ns, time.sleep, os.read, sys._current_frames
    main = get_ident()
    waits = ("/threading.py", "/selectors.py", "/socket.py", "/queue.py", "/_weft_runtime.py")
    if fd >= 0:
        os.set_blocking(fd, False)

    def frames(f):
        out = []
        while f is not None and len(out) < 128:
            code = f.f_code
            out.append((code, f.f_lineno))
            f = f.f_back
        out.reverse()
        return tuple(out)

    def text(count, stack):
        return "%d %s" % (count, "\x1f".join(
            "\x1e".join((getattr(c, "co_qualname", c.co_name), c.co_filename, str(line or 0))) for c, line in stack
        ).replace("\n", "?"))

    def newest(own):
        found = frames_of()
        found.pop(own, None)
        order = sorted(found, key=lambda t: (found[t].f_code.co_filename.endswith(waits), t != main))
        return [text(1, frames(found[t])) for t in order[:1]]

    def window(start, end):
        counts = {}
        for at, stack in list(ring):
            if start <= at <= end:
                counts[stack] = counts.get(stack, 0) + 1
        return [text(n, s) for s, n in counts.items()]

    def answer(line, own):
        i, what, start, end = line.split()
        lines = newest(own) if what == "L" else window(int(start), int(end))
        data = ("R %s %d\n" % (i, len(lines)) + "".join(s + "\n" for s in lines)).encode("utf-8", "replace")
        until = clock() + 2_000_000_000
        while data and clock() < until:
            try:
                data = data[os.write(fd, data):]
            except BlockingIOError:
                sleep(0.002)

    def loop():
        own = get_ident()
        rest = b""
        spent = time.process_time_ns
        idle, used = 0, spent()
        while True:
            sleep(0.01)
            idle = 0 if watch() else idle + 1
            if fd < 0:
                if idle > 500:
                    return
                continue
            at, before, used = clock(), used, spent()
            if used - before > 1_000_000:  # somebody had the processor, for more than this thread needs
                for thread, f in frames_of().items():
                    if thread != own and not f.f_code.co_filename.endswith(waits):
                        ring.append((at, frames(f)))
            f = None
            try:
                data = read(fd, 4096)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                answer(line.decode(), own)

    def quiet():
        try:
            loop()
        except BaseException:  # falls silent
            pass

    start_new_thread(quiet, ())


def _user():
    """Imports the sitecustomize that would have run without this one."""
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as e:
        if e.name != "sitecustomize":
            raise
        sys.modules["sitecustomize"] = ours


try:
    _spec = _restore(__file__.rpartition("/")[0])
    if _spec:
        _start(_spec)
except Exception:
    pass
_user()
