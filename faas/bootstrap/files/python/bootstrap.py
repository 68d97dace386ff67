"""Runs app.handler of AWS Lambda's contract: asks the Runtime API for an event, calls the handler, posts what it returns."""

import http.client
import importlib
import json
import logging
import os
import sys
import threading
import time
import traceback

_API = "/2018-06-01/runtime"


class Context:
    """What AWS gives a handler beside the event."""

    def __init__(self, headers):
        self.aws_request_id = headers.get("Lambda-Runtime-Aws-Request-Id")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = _Attributes(_json(headers.get("Lambda-Runtime-Cognito-Identity")))
        client = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = _Attributes(_json(client)) if client else None
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class _Attributes:
    def __init__(self, values):
        self.__dict__.update(values or {})

    def __getattr__(self, name):
        return None


def _json(text):
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


_request = threading.local()


class _RequestID(logging.Filter):
    def filter(self, record):
        record.aws_request_id = getattr(_request, "id", "")
        return True


def _logging():
    """The root logger prints as AWS's does, with the request's id."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_RequestID())
    formatter = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)


def _connect():
    return http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def _post(connection, path, body, headers):
    connection.request("POST", _API + path, body, headers)
    connection.getresponse().read()


def _failure(err, skip):
    frames = traceback.extract_tb(err.__traceback__)[skip:]
    return {
        "errorMessage": str(err),
        "errorType": type(err).__name__,
        "requestId": getattr(_request, "id", ""),
        "stackTrace": traceback.format_list(frames),
    }


def _cause(err, skip):
    stack = [
        {"path": f.filename, "line": f.lineno, "label": f.name} for f in reversed(traceback.extract_tb(err.__traceback__)[skip:])
    ]
    return json.dumps(
        {
            "working_directory": os.getcwd(),
            "exceptions": [{"type": type(err).__name__, "message": str(err)[:1024], "stack": stack[:100]}],
            "paths": sorted({f["path"] for f in stack})[:20],
        }
    )


class _HandlerError(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def _load():
    root = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    if root not in sys.path:
        sys.path.insert(0, root)
    name, dot, function = os.environ["_HANDLER"].rpartition(".")
    if not dot:
        raise _HandlerError("Runtime.MalformedHandlerName", "handler: want module.function, got %r" % os.environ["_HANDLER"])
    module = importlib.import_module(name.replace("/", "."))
    if not hasattr(module, function):
        raise _HandlerError("Runtime.HandlerNotFound", "%s has no function %s" % (name, function))
    return getattr(module, function)


def _serve(handler):
    connection = _connect()
    while True:
        connection.request("GET", _API + "/invocation/next")
        response = connection.getresponse()
        event = response.read()
        headers = response.headers
        _request.id = headers["Lambda-Runtime-Aws-Request-Id"]
        if headers.get("Lambda-Runtime-Trace-Id"):
            os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        path = "/invocation/" + _request.id
        try:
            answer = handler(json.loads(event), Context(headers))
            body = answer if isinstance(answer, bytes) else json.dumps(answer, default=str).encode()
        except Exception as err:
            traceback.print_exc()
            sys.stderr.flush()
            failure = _failure(err, 1)
            sys.stdout.flush()
            _post(
                connection,
                path + "/error",
                json.dumps(failure).encode(),
                {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Function-Error-Type": type(err).__name__,
                    "Lambda-Runtime-Function-XRay-Error-Cause": _cause(err, 1).encode("ascii", "replace").decode(),
                },
            )
            continue
        sys.stdout.flush()
        _post(connection, path + "/response", body, {"Content-Type": "application/json"})


def main():
    _logging()
    try:
        handler = _load()
    except BaseException as err:
        traceback.print_exc()
        sys.stderr.flush()
        failure = _failure(err, 1)
        kind = type(err).__name__
        if isinstance(err, _HandlerError):
            kind = err.kind
        elif isinstance(err, ImportError):
            kind = "Runtime.ImportModuleError"
        elif isinstance(err, SyntaxError):
            kind = "Runtime.UserCodeSyntaxError"
        failure["errorType"] = kind
        _post(
            _connect(),
            "/init/error",
            json.dumps(failure).encode(),
            {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": kind},
        )
        sys.exit(1)
    workers = int(os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY") or 1)
    for _ in range(workers - 1):
        threading.Thread(target=_serve, args=(handler,), daemon=True).start()
    _serve(handler)


if __name__ == "__main__":
    # The handler's module may be named as this one is.
    sys.path.pop(0)
    main()
