'use strict';
// Error documents as AWS's Node runtime makes them.

const hook = require('path').join(__dirname, '..', 'hook', 'hook.cjs');
const maxCause = 1 << 20; // bytes of the header with the structured stack

function isError(e) {
  return e instanceof Error || Object.prototype.toString.call(e) === '[object Error]';
}

// document is {errorType, errorMessage, trace}. Frames of the hook are not the user's business.
exports.document = (e) => {
  if (!isError(e)) {
    let message;
    try {
      message = String(e);
    } catch {
      message = typeof e;
    }
    return { errorType: typeof e, errorMessage: message, trace: [] };
  }
  const own = { ...e };
  delete own.name;
  delete own.message;
  delete own.stack;
  const trace = String(e.stack || '').split('\n').filter((l) => !l.includes(hook));
  if (own.reason !== undefined && e.name === 'Runtime.UnhandledPromiseRejection') own.reason = exports.document(own.reason);
  return { errorType: e.name, errorMessage: e.message, ...(own.reason && { reason: own.reason }), trace };
};

exports.render = (e) => {
  const document = exports.document(e);
  const headers = { 'Lambda-Runtime-Function-Error-Type': String(document.errorType).replace(/[^\x20-\x7e]/g, '?') };
  const text = isError(e) ? ascii(JSON.stringify(cause(e))) : '';
  if (text && text.length < maxCause) headers['Lambda-Runtime-Function-XRay-Error-Cause'] = text;
  return { document, headers };
};

// ascii escapes what a header cannot carry.
function ascii(json) {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function cause(e) {
  const stack = [];
  const paths = new Set();
  for (const line of exports.document(e).trace) {
    const m = /^\s*at (?:(.+?) \()?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/.exec(line);
    if (!m) continue;
    stack.push({ path: m[2], line: Number(m[3]), label: m[1] || 'anonymous' });
    paths.add(m[2]);
  }
  return { working_directory: process.cwd(), exceptions: [{ type: e.name, message: e.message, stack }], paths: [...paths] };
}

// named makes an error of a type that AWS's runtime names.
exports.named = (name, message, from) => {
  const e = new Error(message);
  e.name = name;
  e.stack = from && from.stack ? from.stack : `${name}: ${message}`;
  return e;
};

exports.rejection = (reason) => {
  const e = exports.named('Runtime.UnhandledPromiseRejection', isError(reason) ? reason.toString() : String(reason), isError(reason) ? reason : undefined);
  e.reason = reason;
  return e;
};
