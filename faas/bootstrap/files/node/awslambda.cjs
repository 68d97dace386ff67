'use strict';
// The global awslambda of AWS's runtime: what makes a handler stream its answer.
const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');
const prelude = 'application/vnd.awslambda.http-integration-response';

class HttpResponseStream {
  // from has status and headers go before the body: JSON and eight zero bytes.
  static from(stream, metadata) {
    stream.setContentType(prelude);
    stream.prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]);
    return stream;
  }
}

globalThis.awslambda = {
  ...globalThis.awslambda,
  streamifyResponse(handler, options) {
    handler[streaming] = 'response';
    if (options && options.highWaterMark !== undefined) {
      handler[Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')] = Number(options.highWaterMark);
    }
    return handler;
  },
  HttpResponseStream,
};
