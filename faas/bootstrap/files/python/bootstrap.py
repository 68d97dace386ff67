"""Runs a Python handler. What it does is in a module of its own, which Python keeps compiled."""
import sys

_own = sys.path.pop(0)
sys.path.append(_own)
import _weft_runtime  # noqa: E402

sys.path.remove(_own)
_weft_runtime.main()
