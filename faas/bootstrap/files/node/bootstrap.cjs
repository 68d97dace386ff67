'use strict';
// Runs index.handler of AWS Lambda's contract: asks the Runtime API for an event, calls the handler, posts what it answers.
const fs = require('fs');
const http = require('http');
const path = require('path');
const { Writable } = require('stream');
const { pathToFileURL } = require('url');
const { format } = require('util');
const { AsyncLocalStorage } = require('async_hooks');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const API = '/2018-06-01/runtime';
const workers = Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY) || 1;
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 * workers + 1, noDelay: true });
const current = new AsyncLocalStorage(); // of request ids
let last = ''; // request id, for what runs outside of any

function call(method, at, headers, body) {
  return new Promise((resolve, reject) => {
    const req = http.request({ host, port, agent, method, path: API + at, headers }, (res) => {
      const chunks = [];
      res.on('data', (c) => chunks.push(c));
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) }));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

const post = (at, body, headers = {}) =>
  call('POST', at, { 'Content-Type': 'application/json', ...headers, 'Content-Length': Buffer.byteLength(body) }, body);

// The console prints as AWS's does: time, request id, level, text. With a framed log the level and time travel beside the text.
function patchConsole() {
  const fd = Number(process.env._LAMBDA_TELEMETRY_LOG_FD);
  delete process.env._LAMBDA_TELEMETRY_LOG_FD;
  const framed = Number.isInteger(fd) && fd > 2;
  const levels = { trace: ['TRACE', 0x04], debug: ['DEBUG', 0x08], log: ['INFO', 0x0c], info: ['INFO', 0x0c], warn: ['WARN', 0x10], error: ['ERROR', 0x14] };
  for (const [method, [level, bits]] of Object.entries(levels)) {
    console[method] = (...args) => {
      const now = new Date();
      const id = current.getStore() || last || 'undefined';
      const text = `${now.toISOString()}\t${id}\t${level}\t${format(...args)}`;
      if (!framed) {
        process.stdout.write(text.replace(/\n/g, '\r') + '\n');
        return;
      }
      const body = Buffer.from(text + '\n');
      const frame = Buffer.alloc(16 + body.length);
      frame.writeUInt32BE((0xa55a0003 | bits) >>> 0, 0);
      frame.writeUInt32BE(body.length, 4);
      frame.writeBigInt64BE(BigInt(now.getTime()) * 1000n, 8);
      body.copy(frame, 16);
      fs.writeSync(fd, frame);
    };
  }
}

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

// ResponseStream is what a streaming handler writes to.
class ResponseStream extends Writable {
  constructor(id) {
    super();
    this.id = id;
    this.contentType = 'application/octet-stream';
    this.done = new Promise((resolve) => (this.settle = resolve));
  }

  setContentType(type) {
    this.contentType = type;
  }

  open() {
    if (this.req) return this.req;
    this.req = http.request({
      host, port, agent, method: 'POST', path: `${API}/invocation/${this.id}/response`,
      headers: {
        'Content-Type': this.contentType, 'Transfer-Encoding': 'chunked', 'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      },
    }, (res) => {
      res.resume();
      res.on('end', this.settle);
    });
    this.req.on('error', this.settle);
    this.req.flushHeaders();
    return this.req;
  }

  _write(chunk, encoding, callback) {
    this.open().write(chunk, encoding, callback);
  }

  _final(callback) {
    this.open().end();
    callback();
  }

  fail(err) {
    const req = this.open();
    const failure = describe(err);
    req.addTrailers({
      'Lambda-Runtime-Function-Error-Type': failure.errorType,
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(failure)).toString('base64'),
    });
    req.end();
  }
}

globalThis.awslambda = {
  streamifyResponse: (handler, options) => Object.assign(handler, { [STREAMING]: options || {} }),
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setContentType(PRELUDE_TYPE);
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

function describe(err) {
  if (!(err instanceof Error)) return { errorType: typeof err === 'object' && err !== null ? 'Error' : typeof err, errorMessage: format(err), trace: [] };
  return { errorType: err.name, errorMessage: err.message, trace: String(err.stack || '').split('\n') };
}

// cause is X-Ray's document of an error: its frames in a form that can be read.
function cause(err) {
  const stack = [];
  for (const line of String((err && err.stack) || '').split('\n').slice(1, 101)) {
    const m = /^\s*at (?:(.*?) \()?(.*?):(\d+):\d+\)?$/.exec(line);
    if (m) stack.push({ path: m[2], line: Number(m[3]), label: m[1] || '' });
  }
  const { errorType, errorMessage } = describe(err);
  const text = JSON.stringify({
    working_directory: process.cwd(), exceptions: [{ type: errorType, message: errorMessage.slice(0, 1024), stack }],
    paths: [...new Set(stack.map((f) => f.path))].slice(0, 20),
  });
  return text.replace(/[^\x20-\x7e]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

const errorHeaders = (err) => ({ 'Lambda-Runtime-Function-Error-Type': describe(err).errorType.replace(/[^\x20-\x7e]/g, '?'), 'Lambda-Runtime-Function-XRay-Error-Cause': cause(err) });

class HandlerError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// unloadable throws err by the name that the vendor has for it.
function unloadable(err) {
  if (err && (err.code === 'MODULE_NOT_FOUND' || err.code === 'ERR_MODULE_NOT_FOUND')) err.name = 'Runtime.ImportModuleError';
  else if (err instanceof SyntaxError) err.name = 'Runtime.UserCodeSyntaxError';
  throw err;
}

// load finds the handler: DIR/FILE.name, or FILE.a.b for a nested one.
async function load() {
  const root = process.env.LAMBDA_TASK_ROOT || process.cwd();
  const spec = process.env._HANDLER || '';
  const dir = path.dirname(spec);
  const [file, ...names] = path.basename(spec).split('.');
  if (!file || names.length === 0) throw new HandlerError('Runtime.MalformedHandlerName', `handler: want file.function, got "${spec}"`);
  const base = path.resolve(root, dir, file);
  const found = ['', '.js', '.mjs', '.cjs'].map((ext) => base + ext).find((f) => fs.existsSync(f) && fs.statSync(f).isFile());
  if (!found) throw new HandlerError('Runtime.ImportModuleError', `Cannot find module '${file}' in ${path.join(root, dir)}`);
  let module;
  try {
    module = require(found);
  } catch (err) {
    if (err && (err.code === 'ERR_REQUIRE_ESM' || err.code === 'ERR_REQUIRE_ASYNC_MODULE')) module = await import(pathToFileURL(found)).catch(unloadable);
    else unloadable(err);
  }
  let handler = module;
  for (const name of names) handler = handler && handler[name];
  if (handler === undefined && module.default) handler = names.reduce((at, name) => at && at[name], module.default);
  if (typeof handler !== 'function') throw new HandlerError('Runtime.HandlerNotFound', `${spec} is undefined or not exported`);
  return handler;
}

function contextOf(headers, finish) {
  const json = (text) => {
    try {
      return text ? JSON.parse(text) : undefined;
    } catch {
      return undefined;
    }
  };
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const env = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json(headers['lambda-runtime-client-context']),
    identity: json(headers['lambda-runtime-cognito-identity']),
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (err, result) => finish(err, result),
    succeed: (result) => finish(null, result),
    fail: (err) => finish(err || new Error('handler failed')),
  };
}

let idle = () => {}; // of the callback-style invocation under way: answers null when nothing is left to wait for

// run calls the handler and returns its answer; a handler that answers by callback is waited for.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let context;
    const finish = (err, result) => {
      if (err) return reject(err);
      if (context.callbackWaitsForEmptyEventLoop && workers === 1) idle = () => resolve(result);
      else resolve(result);
      return undefined;
    };
    context = contextOf(headers, finish);
    const answer = handler(event, context, finish);
    if (answer && typeof answer.then === 'function') answer.then(resolve, reject);
    else if (handler.length < 3 && answer !== undefined) resolve(answer);
    else if (!idle.waits) {
      idle = Object.assign(() => resolve(null), { waits: true });
    }
  }).finally(() => {
    idle = () => {};
  });
}

async function serve(handler) {
  for (;;) {
    const next = await call('GET', '/invocation/next');
    const id = next.headers['lambda-runtime-aws-request-id'];
    last = id;
    if (workers === 1 && next.headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'];
    await current.run(id, () => one(handler, id, next));
  }
}

async function one(handler, id, next) {
  let stream;
  try {
    const event = JSON.parse(next.body.toString() || 'null');
    if (handler[STREAMING]) {
      stream = new ResponseStream(id);
      await handler(event, stream, contextOf(next.headers, () => {}));
      if (!stream.writableEnded) stream.end();
      await stream.done;
      return;
    }
    const answer = await run(handler, event, next.headers);
    const body = JSON.stringify(answer === undefined ? null : answer);
    await post(`/invocation/${id}/response`, body === undefined ? 'null' : body);
  } catch (err) {
    console.error('Invoke Error', JSON.stringify(describe(err)));
    if (stream && stream.req) {
      stream.fail(err);
      await stream.done;
      return;
    }
    await post(`/invocation/${id}/error`, JSON.stringify(describe(err)), errorHeaders(err));
  }
}

// fatal ends the process as an error that nobody caught does, after telling the runtime.
async function fatal(kind, err) {
  console.error(kind, JSON.stringify(describe(err)));
  const at = last ? `/invocation/${last}/error` : '/init/error';
  const failure = { ...describe(err), errorType: kind === 'Unhandled Promise Rejection' ? 'Runtime.UnhandledPromiseRejection' : describe(err).errorType };
  try {
    await post(at, JSON.stringify(failure), { ...errorHeaders(err), 'Lambda-Runtime-Function-Error-Type': failure.errorType });
  } finally {
    process.exit(last ? 129 : 1);
  }
}

async function main() {
  patchConsole();
  process.on('uncaughtException', (err) => fatal('Uncaught Exception', err));
  process.on('unhandledRejection', (err) => fatal('Unhandled Promise Rejection', err));
  process.on('beforeExit', () => idle());
  let handler;
  try {
    handler = await load();
  } catch (err) {
    console.error('Uncaught Exception', JSON.stringify(describe(err)));
    await post('/init/error', JSON.stringify(describe(err)), errorHeaders(err));
    process.exit(1);
  }
  await Promise.all(Array.from({ length: workers }, () => serve(handler)));
}

main();
