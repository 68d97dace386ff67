'use strict';
// An answer that is sent as it is made: a chunked request, whose trailers say when it failed midway.
const http = require('http');
const { Writable } = require('stream');
const errors = require('./errors.cjs');
const logs = require('./logs.cjs');

const trailers = ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'];

class ResponseStream extends Writable {
  constructor(target, highWaterMark) {
    super({ highWaterMark });
    this.target = target;
    this.contentType = 'application/octet-stream';
    this.prelude = null;
    this.request = null;
    this.done = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
    this.done.catch(() => {});
  }

  setContentType(type) {
    this.contentType = type;
  }

  open() {
    if (this.request) return this.request;
    const headers = {
      'Content-Type': this.contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: trailers.join(', '),
    };
    const request = http.request({ ...this.target, method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => this.settle.resolve(response.statusCode));
    });
    request.setNoDelay(true);
    request.on('error', (e) => {
      this.settle.reject(e);
      this.destroy(e);
    });
    this.request = request;
    if (this.prelude) request.write(this.prelude);
    return request;
  }

  _write(chunk, encoding, callback) {
    this.open().write(chunk, encoding, callback);
  }

  _final(callback) {
    this.open().end();
    this.done.then(() => callback(), callback);
  }

  // fail ends an answer that has begun.
  fail(error) {
    const { document, headers } = errors.render(error);
    this.request.addTrailers({
      [trailers[0]]: headers[trailers[0]],
      [trailers[1]]: Buffer.from(JSON.stringify(document)).toString('base64'),
    });
    this.request.end();
    return this.done;
  }
}

exports.run = async (handler, event, context, target) => {
  const stream = new ResponseStream(target, handler[Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')]);
  const ended = new Promise((resolve, reject) => {
    stream.on('finish', resolve);
    stream.on('error', reject);
  });
  ended.catch(() => {});
  try {
    await handler(event, stream, context);
    if (!stream.writableEnded) stream.end();
    await ended;
  } catch (e) {
    if (!stream.request) throw e;
    logs.error('Invoke Error', errors.document(e));
    await stream.fail(e);
    stream.destroy();
  }
};
