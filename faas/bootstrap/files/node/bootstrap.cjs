'use strict';
// Runs a Node.js handler: a client of Lambda's Runtime API 2018-06-01. Answers, error documents and log lines are those of
// AWS's own runtime, so that a handler cannot tell the difference.
const http = require('http');
const logs = require('./logs.cjs');
const errors = require('./errors.cjs');

const env = process.env;
const [host, port] = split(env.AWS_LAMBDA_RUNTIME_API || '');
const base = '/2018-06-01/runtime';
const loops = Math.max(1, Number.parseInt(env.AWS_LAMBDA_MAX_CONCURRENCY, 10) || 1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 * loops + 2, keepAliveMsecs: 60e3 });
const exitRejection = 128;
const exitException = 129;

function split(address) {
  const at = address.lastIndexOf(':');
  return [address.slice(0, at), Number(address.slice(at + 1))];
}

// call makes one request and gives back its answer, the body read to its end.
function call(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: base + path, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (c) => chunks.push(c));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.setNoDelay(true);
    request.on('error', reject);
    request.end(body);
  });
}

function post(path, body, headers) {
  const data = Buffer.from(body);
  return call('POST', path, { 'Content-Type': 'application/json', 'Content-Length': data.length, ...headers }, data);
}

function postError(path, error) {
  const { document, headers } = errors.render(error);
  return post(path, JSON.stringify(document), headers);
}

// running are the invocations under way, by request id.
const running = new Map();

// waiting is what to do once nothing is left to run: a callback's answer may wait for that.
let waiting = null;
process.on('beforeExit', () => {
  const next = waiting;
  waiting = null;
  if (next) next();
});

async function fatal(error, code) {
  logs.error(code === exitRejection ? 'Unhandled Promise Rejection' : 'Uncaught Exception', errors.document(error));
  const ids = [...running.keys()];
  try {
    if (!initialised) await postError('/init/error', error);
    else await Promise.all(ids.map((id) => postError(`/invocation/${id}/error`, error)));
  } catch {
    // Nobody is left to tell.
  }
  process.exit(code);
}
let initialised = false;
process.on('uncaughtException', (e) => fatal(e, exitException));
process.on('unhandledRejection', (reason) => fatal(errors.rejection(reason), exitRejection));

function context(headers, result) {
  const id = headers['lambda-runtime-aws-request-id'];
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  let wait = true;
  return {
    get callbackWaitsForEmptyEventLoop() { return wait; },
    set callbackWaitsForEmptyEventLoop(v) { wait = v; },
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: id,
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (err, data) => (err === undefined || err === null ? result.succeed(data) : result.fail(err)),
    succeed: (data) => result.succeed(data),
    fail: (err) => result.fail(err === undefined || err === null ? 'handled' : err),
  };
}

// answered settles with the handler's result, whichever of the styles it is written in.
function answered(handler, event, headers) {
  return new Promise((resolve, reject) => {
    const c = context(headers, { succeed: resolve, fail: reject });
    const callback = (err, data) => {
      waiting = null;
      if (err !== undefined && err !== null) reject(err);
      else if (c.callbackWaitsForEmptyEventLoop && loops === 1) waiting = () => resolve(data);
      else resolve(data);
    };
    // A handler that never answers is answered for, when nothing is left that could.
    waiting = loops === 1 ? () => resolve(null) : null;
    const result = handler(event, c, callback);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
    else if (result !== undefined && handler.length < 3) resolve(result); // it takes no callback: this is its answer
  });
}

async function invoke(handler, { headers, body }) {
  const id = headers['lambda-runtime-aws-request-id'];
  if (loops === 1) {
    if (headers['lambda-runtime-trace-id']) env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    else delete env._X_AMZN_TRACE_ID;
  }
  running.set(id, true);
  try {
    const event = JSON.parse(body);
    if (handler[Symbol.for('aws.lambda.runtime.handler.streaming')] === 'response') {
      const streaming = require('./stream.cjs');
      const target = { host, port, agent, path: `${base}/invocation/${id}/response` };
      await streaming.run(handler, event, context(headers, { succeed() {}, fail() {} }), target);
      return;
    }
    const data = await answered(handler, event, headers);
    let text;
    try {
      text = JSON.stringify(data === undefined ? null : data);
    } catch {
      throw new Error('Unable to stringify response body');
    }
    const { status, body: said } = await post(`/invocation/${id}/response`, text === undefined ? 'null' : text);
    if (status === 413) await postError(`/invocation/${id}/error`, errors.named('Function.ResponseSizeTooLarge', said.toString()));
  } catch (e) {
    logs.error('Invoke Error', errors.document(e));
    await postError(`/invocation/${id}/error`, e);
  } finally {
    waiting = null;
    running.delete(id);
  }
}

async function loop(handler) {
  for (;;) {
    const next = await call('GET', '/invocation/next', {});
    if (next.status !== 200) throw new Error(`the runtime API answered ${next.status} to a poll`);
    const id = next.headers['lambda-runtime-aws-request-id'];
    await logs.within(id, loops > 1, () => invoke(handler, next));
  }
}

async function main() {
  logs.patch(loops > 1);
  require('./awslambda.cjs');
  let handler;
  try {
    handler = await require('./load.cjs').load(env.LAMBDA_TASK_ROOT || process.cwd(), env._HANDLER || '');
  } catch (e) {
    logs.error('Uncaught Exception', errors.document(e));
    await postError('/init/error', e).catch(() => {});
    process.exit(exitException);
  }
  initialised = true;
  // The runtime API that is gone ends the process: there is nobody to work for.
  await Promise.all(Array.from({ length: loops }, () => loop(handler))).catch((e) => {
    process.stderr.write(`weft: ${e.message}\n`);
    process.exit(1);
  });
}

main();
