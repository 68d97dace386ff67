'use strict';
// console.* as AWS's Node runtime has it: time, request id, level and message, on stdout, or framed on the descriptor that
// _LAMBDA_TELEMETRY_LOG_FD names, where a message may have many lines.
const fs = require('fs');
const util = require('util');

const levels = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const json = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
const least = json ? levels[(process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()] || 0 : 0;
const frameText = 0xa55a0003;
const frameJSON = 0xa55a0002;

let fd = Number.parseInt(process.env._LAMBDA_TELEMETRY_LOG_FD, 10);
delete process.env._LAMBDA_TELEMETRY_LOG_FD; // the program's children have no such descriptor
let current = '';
let storage = null; // request ids by asynchronous context, when several invocations run at once

exports.within = (id, many, run) => {
  if (many) return storage.run(id, run);
  current = id;
  return run();
};

function requestID() {
  return (storage && storage.getStore()) || current;
}

function line(level, args) {
  const time = new Date().toISOString();
  if (!json) return `${time}\t${requestID() || 'undefined'}\t${level}\t${util.format(...args)}`;
  const record = { timestamp: time, level, requestId: requestID() };
  const error = args.find((a) => a instanceof Error);
  record.message = args.length === 1 && !error && typeof args[0] === 'object' ? args[0] : util.format(...args);
  if (error) Object.assign(record, { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') });
  try {
    return JSON.stringify(record);
  } catch {
    return JSON.stringify({ ...record, message: util.format(...args) });
  }
}

function write(level, args) {
  if (levels[level] < least) return;
  const text = line(level, args);
  if (!(fd >= 0)) {
    process.stdout.write(`${json ? text : text.replace(/\n/g, '\r')}\n`);
    return;
  }
  const message = Buffer.from(text);
  const frame = Buffer.alloc(16 + message.length);
  frame.writeUInt32BE(((json ? frameJSON : frameText) | (levels[level] << 2)) >>> 0, 0);
  frame.writeUInt32BE(message.length, 4);
  frame.writeBigInt64BE(BigInt(Date.now()) * 1000n, 8);
  message.copy(frame, 16);
  for (let at = 0; at < frame.length;) {
    try {
      at += fs.writeSync(fd, frame, at);
    } catch (e) {
      if (e.code === 'EAGAIN') continue;
      fd = -1; // the descriptor is gone: on to stdout
      return write(level, args);
    }
  }
}

exports.error = (title, document) => {
  if (json) write('ERROR', [{ ...document, title }]);
  else write('ERROR', [title, `\t${JSON.stringify({ ...document, stack: document.trace, trace: undefined })}`]);
};

exports.patch = (many) => {
  if (many) storage = new (require('async_hooks').AsyncLocalStorage)();
  const methods = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
  for (const [name, level] of Object.entries(methods)) console[name] = (...args) => write(level, args);
};
