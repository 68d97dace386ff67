"""A Lambda handler that says how long it took."""

import time


def handler(event, context):
    began = time.perf_counter_ns()
    return {"handler_ns": time.perf_counter_ns() - began, "event": event}
