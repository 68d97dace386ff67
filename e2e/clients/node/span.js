// What the end-to-end tests compare with what comes back. Values are OTLP-JSON AnyValue objects.
'use strict';

const str = (s) => ({ stringValue: s });
const int = (i) => ({ intValue: String(i) });
const double = (d) => ({ doubleValue: d });
const bool = (b) => ({ boolValue: b });

// args reads --key value pairs.
function args() {
  const out = {};
  const argv = process.argv.slice(2);
  for (let i = 0; i < argv.length; i += 2) {
    if (!argv[i].startsWith('--') || argv[i + 1] === undefined) {
      throw new Error(`want --key value, got ${argv[i]}`);
    }
    out[argv[i].slice(2)] = argv[i + 1];
  }
  return out;
}

module.exports = { str, int, double, bool, args };
