"""Loaded before the function's code (PYTHONPATH). Times every module that is imported and samples stacks, as WEFT_HOOK_PARTS says, and
tells the runtime over the descriptor WEFT_HOOK_FD. Whatever goes wrong here, the function does not notice. The function's own sitecustomize is run after it.
"""


def _weft():
    import time

    now = time.time_ns
    begun = now()
    import os

    parts = os.environ.pop("WEFT_HOOK_PARTS", "").split(",")
    fd = int(os.environ.pop("WEFT_HOOK_FD", "-1"))
    if fd < 3:
        return
    os.set_inheritable(fd, False)
    import _frozen_importlib
    import _thread
    import sys

    main = _thread.get_ident()
    lines = []
    depth = [0]
    alive = [True]
    writing = _thread.allocate_lock()

    def send(text):
        data = text.encode("utf-8", "replace")
        with writing:
            while data:
                data = data[os.write(fd, data) :]

    def stop():
        alive[0] = False
        if "modules" in parts:
            _frozen_importlib._find_and_load = load

    def flush():
        text = "".join(lines)
        del lines[:]
        if not text or not alive[0]:
            return
        try:
            send(text)
        except OSError:
            stop()  # nobody listens: go on without

    def forked():
        # The descriptor is the parent's: what a child does is not what the program did.
        stop()
        del lines[:]
        os.close(fd)

    os.register_at_fork(after_in_child=forked)

    def quote(text):
        text = str(text).replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c >= " " else " " for c in text) + '"'

    def note(name, start, end, failed):
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        lines.append(
            '{"k":"module","n":%s,"f":%s,"s":"%d","e":"%d","x":%s}\n'
            % (quote(name), quote(getattr(spec, "origin", None) or ""), start, end, quote(failed))
        )

    def enter(name):
        if _thread.get_ident() != main or not alive[0]:
            return 0
        depth[0] += 1
        return now()

    def leave(name, start, err):
        if not start:
            return
        end = now()
        depth[0] -= 1
        try:
            note(name, start, end, err)
            if depth[0] == 0 or len(lines) >= 64:
                flush()
        except Exception:
            pass

    # Compiled under importlib's name, so that its frame is cut out of tracebacks as importlib's own are.
    source = """
def wrap(load, enter, leave):
    def _find_and_load(name, import_):
        start = enter(name)
        failed = ""
        try:
            return load(name, import_)
        except BaseException as err:
            failed = type(err).__name__
            raise
        finally:
            leave(name, start, failed)
    return _find_and_load
"""
    space = {}
    load = _frozen_importlib._find_and_load
    if "modules" in parts:
        exec(compile(source, "<frozen importlib._bootstrap>", "exec"), space)
        _frozen_importlib._find_and_load = space["wrap"](load, enter, leave)

    # Samples: (ns since the epoch, CPU ns, ((code, line), ...) innermost first), a minute of one thread at 100 Hz.
    ring = []
    most = 6000

    def stack(frame):
        frames = []
        while frame is not None and len(frames) < 64:
            frames.append((frame.f_code, frame.f_lineno))
            frame = frame.f_back
        return tuple(frames)

    def sample(own, cpu):
        at = now()
        found = [stack(f) for ident, f in sys._current_frames().items() if ident != own]
        # Who of the threads has used the processor cannot be asked safely: each gets its share.
        ring.extend((at, cpu // len(found), s) for s in found)
        if len(ring) > 2 * most:
            del ring[:-most]

    def answer(number, samples):
        index = {}
        stacks = {}
        for _, cpu, frames in samples:
            key = tuple(index.setdefault(f, len(index)) for f in frames)
            n, sum = stacks.get(key, (0, 0))
            stacks[key] = (n + 1, sum + cpu)
        frames = ",".join(
            '{"n":%s,"f":%s,"l":%d}' % (quote(getattr(c, "co_qualname", c.co_name)), quote(c.co_filename), line or 0) for c, line in index
        )
        text = ",".join('{"n":%d,"cpu":%d,"f":%s}' % (n, cpu, list(key)) for key, (n, cpu) in stacks.items())
        send('{"k":"samples","id":%d,"frames":[%s],"stacks":[%s]}\n' % (number, frames, text))

    def asked(line):
        word, number, *times = line.split()
        if word == b"stack":
            frame = sys._current_frames().get(main)
            answer(int(number), [(0, 0, stack(frame))] if frame is not None else [])
        elif word == b"profile":
            start, end = int(times[0]), int(times[1])
            answer(int(number), [s for s in ring if start <= s[0] <= end])

    def sampler():
        own = _thread.get_ident()
        spent = time.process_time_ns
        before = spent()
        text = b""
        try:
            while alive[0]:
                if wait([fd], (), (), 0.01)[0]:
                    data = os.read(fd, 4096)
                    if not data:
                        return
                    *questions, text = (text + data).split(b"\n")
                    for q in questions:
                        asked(q)
                    continue
                used = spent()
                if used - before > 0:
                    sample(own, used - before)
                before = used
        except Exception:
            return

    if "profile" in parts:
        from select import select as wait

        _thread.start_new_thread(sampler, ())

    lines.append('{"k":"step","n":"weft hook","s":"%d","e":"%d","t":"core"}\n' % (begun, now()))
    flush()

    import atexit

    atexit.register(flush)


try:
    _weft()
except Exception:
    pass
del _weft


def _users():
    """Runs the sitecustomize that this one stands before."""
    import importlib.machinery
    import os
    import sys

    own = os.path.dirname(os.path.abspath(__file__))
    rest = [p for p in sys.path if os.path.abspath(p or ".") != own]
    sys.path[:] = rest
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        import importlib.util

        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_users()
