import os

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/")
def hello():
    name = request.args.get("name", "world")
    print("greeting", name, flush=True)
    return jsonify(message=f"hello {name}")


app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
