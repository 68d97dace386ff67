"""A Flask app as anybody writes one. Weft runs it as it is: it knows nothing of Weft or of functions."""

import os
import time

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.get("/")
def index():
    return "hello from flask"


@app.get("/headers")
def headers():
    return jsonify(headers=dict(request.headers), url=request.full_path, host=request.host)


@app.post("/sum")
def total():
    return jsonify(total=sum(request.get_json()))


@app.get("/count")
def count():
    to = int(request.args["to"])

    def lines():
        for n in range(to):
            yield f"{n}\n"
            time.sleep(0.01)

    return Response(lines(), mimetype="text/plain")


@app.get("/fail")
def fail():
    raise RuntimeError("no such shelf")


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", 5000)), threaded=True)
