"""Loaded before the function's code (PYTHONPATH). Times every module that is imported, and tells the runtime over the descriptor
WEFT_HOOK_FD. Whatever goes wrong here, the function does not notice. The function's own sitecustomize is run after it.
"""


def _weft():
    import time

    now = time.time_ns
    begun = now()
    import os

    fd = int(os.environ.pop("WEFT_HOOK_FD", "-1"))
    if fd < 3:
        return
    os.set_inheritable(fd, False)
    import _frozen_importlib
    import sys
    import threading

    main = threading.get_ident()
    lines = []
    depth = [0]

    def flush():
        text = "".join(lines)
        del lines[:]
        if not text:
            return
        try:
            os.write(fd, text.encode("utf-8", "replace"))
        except OSError:
            _frozen_importlib._find_and_load = load  # nobody listens: go on without

    def quote(text):
        return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'

    def note(name, start, end, failed):
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        lines.append(
            '{"k":"module","n":%s,"f":%s,"s":"%d","e":"%d","x":%s}\n'
            % (quote(name), quote(getattr(spec, "origin", None) or ""), start, end, quote(failed))
        )

    def enter(name):
        if threading.get_ident() != main:
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
    exec(compile(source, "<frozen importlib._bootstrap>", "exec"), space)
    load = _frozen_importlib._find_and_load
    _frozen_importlib._find_and_load = space["wrap"](load, enter, leave)

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
