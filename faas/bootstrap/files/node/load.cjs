'use strict';
// Finds a handler: "index.handler", "lib/app.api.get".
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { named } = require('./errors.cjs');

exports.load = async (root, handler) => {
  if (handler.includes('..')) throw named('Runtime.MalformedHandlerName', `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const name = path.basename(handler);
  const m = /^([^.]*)\.(.+)$/.exec(name);
  if (!m) throw named('Runtime.MalformedHandlerName', 'Bad handler');
  const file = resolve(path.resolve(root, handler.slice(0, handler.length - name.length)), m[1], root);
  const module = await evaluate(file);
  let found = m[2].split('.').reduce((o, k) => o?.[k], module);
  if (found === undefined && module?.default) found = m[2].split('.').reduce((o, k) => o?.[k], module.default);
  if (found === undefined) throw named('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
};

function resolve(dir, name, root) {
  const stem = path.join(dir, name);
  for (const ext of ['', '.js', '.mjs', '.cjs']) {
    try {
      if (fs.statSync(stem + ext).isFile()) return stem + ext;
    } catch {
      // The next one.
    }
  }
  try {
    return require.resolve(name, { paths: [root, dir] });
  } catch (e) {
    throw named('Runtime.ImportModuleError', `Error: Cannot find module '${name}'\nRequire stack:\n- ${__filename}`, e);
  }
}

async function evaluate(file) {
  const hook = globalThis[Symbol.for('weft.start')];
  try {
    if (!isModule(file)) return require(file);
    const step = hook && hook.enter(file, file);
    let loaded = false;
    try {
      const module = await import(pathToFileURL(file).href);
      loaded = true;
      return module;
    } finally {
      if (step) hook.leave(step, loaded);
    }
  } catch (e) {
    if (hook) hook.failed(e);
    if (e instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', e.toString(), e);
    if (e?.code === 'MODULE_NOT_FOUND' || e?.code === 'ERR_MODULE_NOT_FOUND') throw named('Runtime.ImportModuleError', e.toString(), e);
    throw e;
  }
}

// isModule says whether Node would load the file as an ECMAScript module.
function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (!file.endsWith('.js')) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).type === 'module';
    } catch (e) {
      if (e instanceof SyntaxError) return false;
    }
    if (dir === path.dirname(dir) || path.basename(dir) === 'node_modules') return false;
  }
}
