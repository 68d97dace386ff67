"""A client of Lambda's Runtime API 2018-06-01 that runs a Python handler. Answers, error documents and log lines are those of
AWS's own runtime. Standard library only; imports are few, because every one of them is part of a cold start."""
import json
import logging
import os
import socket
import sys
import time
from threading import local

_BASE = "/2018-06-01/runtime"
_here = local()  # request_id: of the invocation this thread runs
_FRAME_TEXT, _FRAME_JSON = 0xA55A0003, 0xA55A0002
_MASKS = {"DEBUG": 2, "INFO": 3, "WARNING": 4, "WARN": 4, "ERROR": 5, "CRITICAL": 6, "FATAL": 6}


class Failure(Exception):
    """An error of a type that AWS's runtime names."""

    def __init__(self, kind, message, stack=()):
        super().__init__(message)
        self.kind, self.message, self.stack = kind, message, list(stack)


class Connection:
    """One connection to the runtime API, kept alive. Raw sockets: http.client alone takes 20 ms to import."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address, self.host, self.port = address, host.strip("[]"), int(port)
        self.sock = self.file = None

    def connect(self):
        self.sock = socket.create_connection((self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")

    def close(self):
        if self.sock is not None:
            self.file.close()
            self.sock.close()
            self.sock = None

    def head(self, method, path, headers):
        lines = ["%s %s%s HTTP/1.1" % (method, _BASE, path), "Host: " + self.address]
        lines += ["%s: %s" % h for h in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def request(self, method, path, headers, body=b""):
        """Returns status, headers in lower case, and body."""
        if method == "POST":
            headers = dict(headers, **{"Content-Length": str(len(body))})
        data = self.head(method, path, headers) + body
        fresh = self.sock is None
        while True:
            if self.sock is None:
                self.connect()
            try:
                self.sock.sendall(data)
                status = self.file.readline(65536)
                if status:
                    return self.answer(status)
                raise ConnectionResetError("the runtime API closed the connection")
            except (BrokenPipeError, ConnectionResetError):
                self.close()
                if fresh:
                    raise
                fresh = True  # one that was kept may have been closed meanwhile

    def answer(self, status):
        read = self.file
        headers = {}
        while True:
            line = read.readline(1 << 21)
            if line in (b"\r\n", b"\n", b""):
                break
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(read.readline(1024).split(b";")[0], 16)
                if size:
                    parts.append(read.read(size))
                    read.readline(2)
                    continue
                while read.readline(65536) not in (b"\r\n", b"\n", b""):
                    pass
                break
            body = b"".join(parts)
        else:
            body = read.read(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(status.split(b" ", 2)[1]), headers, body

    def stream(self, path, chunks):
        """Sends an answer chunk by chunk; trailers say when it failed midway."""
        first = next(chunks, b"")  # what fails before anything is sent is an ordinary error
        if self.sock is None:
            self.connect()
        self.sock.sendall(self.head("POST", path, {
            "Content-Type": "application/octet-stream",
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Transfer-Encoding": "chunked",
            "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        }))
        trailers = b""
        try:
            chunk = first
            while chunk is not None:
                data = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
                if data:
                    self.sock.sendall(b"%x\r\n%s\r\n" % (len(data), data))
                chunk = next(chunks, None)
        except Exception as e:
            from base64 import b64encode
            document = _document(e)
            log_error(document)
            trailers = b"Lambda-Runtime-Function-Error-Type: %s\r\nLambda-Runtime-Function-Error-Body: %s\r\n" % (
                document["errorType"].encode("latin-1", "replace"), b64encode(json.dumps(document).encode()))
        self.sock.sendall(b"0\r\n" + trailers + b"\r\n")
        return self.answer(self.file.readline(65536))


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.function_name = env.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = env.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = env.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)
        client = json.loads(headers.get("lambda-runtime-client-context") or "null")
        self.client_context = _Fields(client, custom=(client.get("custom"), client.get("Custom")), env=(client.get("env"),),
                                      client=(client.get("client"),)) if client else None
        identity = json.loads(headers.get("lambda-runtime-cognito-identity") or "null") or {}
        self.identity = _Fields(identity, cognito_identity_id=(identity.get("cognitoIdentityId"),),
                                cognito_identity_pool_id=(identity.get("cognitoIdentityPoolId"),))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        _write(str(message), "")


class _Fields:
    def __init__(self, raw, **fields):
        for name, values in fields.items():
            value = next((v for v in values if v is not None), None)
            if name == "client" and value:
                value = _Fields(value, **{k: (v,) for k, v in value.items()})
            setattr(self, name, value)


_fd = -1


def _write(text, level):
    global _fd
    if _fd >= 0:
        data = text.encode("utf-8", "replace")
        kind = (_FRAME_JSON if _json() else _FRAME_TEXT) | (_MASKS.get(level, 0) << 2)
        frame = kind.to_bytes(4, "big") + len(data).to_bytes(4, "big") + (time.time_ns() // 1000).to_bytes(8, "big") + data
        try:
            while frame:
                try:
                    frame = frame[os.write(_fd, frame):]
                except BlockingIOError:
                    time.sleep(0.001)
            return
        except OSError:
            _fd = -1  # the descriptor is gone: on to stdout
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def _json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


class _Handler(logging.Handler):
    """Gives log records the form of AWS's runtime."""

    def emit(self, record):
        try:
            record.aws_request_id = getattr(_here, "request_id", "")
            _write(self.format(record), record.levelname)
        except Exception:
            self.handleError(record)


class _JSONFormatter(logging.Formatter):
    def format(self, record):
        out = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname, "message": record.getMessage(), "logger": record.name,
            "requestId": record.aws_request_id,
        }
        if record.exc_info:
            out["errorType"], out["errorMessage"] = record.exc_info[0].__name__, str(record.exc_info[1])
            out["stackTrace"] = self.formatException(record.exc_info).split("\n")
        return json.dumps(out, default=str)


def _set_up_logging():
    global _fd
    try:
        _fd = int(os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", "-1"))
        if _fd >= 0:
            os.set_inheritable(_fd, False)
    except (ValueError, OSError):
        _fd = -1
    handler = _Handler()
    if _json():
        handler.setFormatter(_JSONFormatter())
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level) if level in _MASKS or level == "TRACE" else "INFO")
    else:
        form = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        form.converter = time.gmtime
        handler.setFormatter(form)
    logging.root.addHandler(handler)


def log_error(document):
    if _json():
        _write(json.dumps(dict(document, level="ERROR", timestamp=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))), "ERROR")
        return
    lines = ["[ERROR] %s: %s" % (document["errorType"], document["errorMessage"])]
    if document["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines += [s.rstrip("\n") for s in document["stackTrace"]]
    # A plain line ends at its newline, so AWS's runtime keeps an error together with carriage returns.
    _write(("\n" if _fd >= 0 else "\r").join(s if _fd >= 0 else s.replace("\n", "\r") for s in lines), "ERROR")


def _document(error):
    if isinstance(error, Failure):
        kind, message, stack = error.kind, error.message, error.stack
    else:
        import traceback
        kind, message = type(error).__name__, str(error)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
        stack = traceback.format_list(frames)
    return {"errorMessage": message, "errorType": kind, "requestId": getattr(_here, "request_id", ""), "stackTrace": stack}


def _post_error(conn, path, error):
    document = _document(error)
    log_error(document)
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": document["errorType"]}
    if not isinstance(error, Failure):
        import traceback
        frames = [{"label": f.name, "path": f.filename, "line": f.lineno}
                  for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename != __file__]
        cause = json.dumps({
            "working_directory": os.getcwd(), "paths": sorted({f["path"] for f in frames}),
            "exceptions": [{"type": document["errorType"], "message": document["errorMessage"], "stack": frames}],
        })
        if len(cause) < 1 << 20:
            headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause
    conn.request("POST", path, headers, json.dumps(document).encode())


def _load(handler):
    try:
        modname, name = handler.rsplit(".", 1)
    except ValueError as e:
        raise Failure("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, e))
    from importlib import import_module
    try:
        module = import_module(modname.replace("/", "."))
    except ImportError as e:
        raise Failure("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (modname, e), _document(e)["stackTrace"])
    except SyntaxError as e:
        line = '  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)
        raise Failure("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (modname, e), [line])
    try:
        return getattr(module, name)
    except AttributeError:
        raise Failure("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, modname))


def _invoke(conn, handler, headers, body):
    request_id = _here.request_id = headers["lambda-runtime-aws-request-id"]
    path = "/invocation/" + request_id
    try:
        try:
            event = json.loads(body)
        except ValueError as e:
            raise Failure("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
        result = handler(event, Context(headers))
        if hasattr(result, "__next__"):
            conn.stream(path + "/response", iter(result))
            return
        try:
            data = json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError) as e:
            raise Failure("Runtime.MarshalError", "Unable to marshal response: %s" % e)
    except Exception as e:
        _post_error(conn, path + "/error", e)
        return
    status, _, said = conn.request("POST", path + "/response", {"Content-Type": "application/json"}, data)
    if status == 413:
        _post_error(conn, path + "/error", Failure("Function.ResponseSizeTooLarge", said.decode("utf-8", "replace")))


def _loop(address, handler, alone):
    conn = Connection(address)
    while True:
        status, headers, body = conn.request("GET", "/invocation/next", {})
        if status != 200:
            raise ConnectionError("the runtime API answered %d to a poll" % status)
        if alone:
            trace = headers.get("lambda-runtime-trace-id")
            if trace:
                os.environ["_X_AMZN_TRACE_ID"] = trace
            else:
                os.environ.pop("_X_AMZN_TRACE_ID", None)
        _invoke(conn, handler, headers, body)
        _here.request_id = ""


def _thread(address, handler):
    try:
        _loop(address, handler, False)
    except BaseException as e:
        sys.stderr.write("weft: %s\n" % e)
        sys.stderr.flush()
        os._exit(1)  # as a single loop would


def main():
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    sys.path.insert(0, os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd())
    try:
        sys.stdout.reconfigure(line_buffering=True)  # what is printed belongs to the invocation that printed it
    except AttributeError:
        pass
    _set_up_logging()
    try:
        import faulthandler
        faulthandler.enable()  # a program that C code ends says where it was
    except (ImportError, ValueError, OSError, AttributeError):
        pass  # there is no stderr
    try:
        handler = _load(os.environ.get("_HANDLER", ""))
    except Exception as e:
        _post_error(Connection(address), "/init/error", e)
        sys.exit(1)
    try:
        many = int(os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY") or 1)
    except ValueError:
        many = 1
    if many > 1:
        from threading import Thread
        threads = [Thread(target=_thread, args=(address, handler), daemon=True) for _ in range(many)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return
    try:
        _loop(address, handler, True)
    except OSError as e:
        sys.stderr.write("weft: %s\n" % e)
        sys.exit(1)
