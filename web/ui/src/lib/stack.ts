/** One call of a stack. line and column count from 1; 0 is not known. */
export type Frame = {
  function: string;
  file: string;
  line: number;
  column: number;
  /** The program's own code, and not a library's or the runtime's. */
  own: boolean;
  /** The line of code, where the stack has it. */
  code: string;
  /** It was called in another goroutine or thread, or asynchronously: what stands below did not wait for it. */
  apart: boolean;
};

/** An exception with its calls, the innermost first. */
export type Failure = {
  /** What links it to the one before: it caused that, happened while that was handled, or was suppressed by it. */
  relation: 'none' | 'cause' | 'context' | 'suppressed';
  type: string;
  message: string;
  frames: Frame[];
  /** Frames that it shares with the one before and that the stack leaves out. */
  shared: number;
};

export type Stack = { language: 'go' | 'python' | 'node' | 'java' | ''; failures: Failure[] };

// A stack overflow has tens of thousands of frames; nobody reads that many.
const MOST_FRAMES = 2000;

/** Reads a stack trace as one of four languages prints it. Failures are empty for text that is none. */
export function parseStack(text: string): Stack {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const found = READERS.map(({ language, frame, read }) => ({
    language,
    read,
    hits: lines.reduce((sum, line) => sum + (frame.test(line) ? 1 : 0), 0),
  })).reduce((best, one) => (one.hits > best.hits ? one : best));
  if (found.hits === 0) return { language: '', failures: [] };
  const failures = found
    .read(lines)
    .filter(({ frames, type, message }) => frames.length > 0 || type || message);
  for (const failure of failures) failure.frames = failure.frames.slice(0, MOST_FRAMES);
  return { language: found.language, failures };
}

const failure = (relation: Failure['relation'], head = ''): Failure => {
  // "a.b.Type: message", "Type [CODE]: message" and "Type"; a sentence is a message.
  const match = /^(?:Uncaught\s+)?([\p{L}_$][\p{L}\p{N}_$.*/]*(?: \[[^\]]+\])?)(?::\s*([\s\S]*))?$/u.exec(
    head,
  );
  const [type, message] = match ? [match[1] ?? '', match[2] ?? ''] : ['', head];
  return { relation, type, message, frames: [], shared: 0 };
};

const frame = (parts: Partial<Frame>): Frame => ({
  function: '',
  file: '',
  line: 0,
  column: 0,
  own: true,
  code: '',
  apart: false,
  ...parts,
});

const addMessage = (to: Failure, line: string) => {
  to.message += `${to.message || to.type ? '\n' : ''}${line}`;
};

// Go: a function's line, and its file below it behind a tab.

const GO_FILE = /^\t(.+\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?$/;

function readGo(lines: string[]): Failure[] {
  const one = failure('none');
  let name = '';
  for (const line of lines) {
    const file = GO_FILE.exec(line);
    if (file && name) {
      const apart = name.startsWith('created by ');
      const called = name.replace(/^created by /, '').replace(/ in goroutine \d+$/, '');
      // Arguments are addresses, of no use to a reader; a method's receiver is in parentheses too.
      const plain = called.replace(/\((?:0x[0-9a-f?]+|\{|\.\.\.|[^()*]*)[^()]*\)$/, '');
      const path = file[1] ?? '';
      one.frames.push(
        frame({ function: plain, file: path, line: Number(file[2]), own: ownGo(plain, path), apart }),
      );
      name = '';
    } else if (/^panic: |^runtime error: |^fatal error: /.test(line) && one.frames.length === 0) {
      [one.type, one.message] = ['panic', line.replace(/^panic: /, '').replace(/ \[recovered\]$/, '')];
    } else if (line !== '' && !/^goroutine \d+ \[/.test(line) && !/^\s/.test(line)) name = line;
  }
  return [one];
}

/** Modules are recognised by where they lie; the standard library by lying where its package's path says. */
function ownGo(name: string, file: string): boolean {
  if (/\/pkg\/mod\/|\/vendor\/|@v\d|^\$GOROOT/.test(file)) return false;
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  const path = dot < 0 ? name : name.slice(0, dot);
  if (path === 'runtime' || path === 'panic') return false;
  return path === 'main' || path.split('/')[0]?.includes('.') === true || !file.includes(`/src/${path}/`);
}

// Python: a file's line, the code below it; the innermost call is the last, and what happened first is printed first.

const PYTHON_FRAME = /^\s*File "(.+)", line (\d+)(?:, in (.+))?$/;
const PYTHON_BETWEEN =
  /^(The above exception was the direct cause of|During handling of the above exception)/;

function readPython(lines: string[]): Failure[] {
  const out: Failure[] = [];
  let one = failure('none');
  let head: string[] = [];
  let inFrames = false;
  const close = () => {
    const said = failure('none', head.join('\n').trim());
    [one.type, one.message] = [said.type, said.message];
    one.frames.reverse();
    if (one.frames.length > 0 || one.type || one.message) out.unshift(one);
    one = failure('none');
    head = [];
    inFrames = false;
  };
  for (const line of lines) {
    const at = PYTHON_FRAME.exec(line);
    if (at) {
      const file = at[1] ?? '';
      const own =
        !/site-packages|dist-packages|\/lib\/python\d|^<frozen|^\/var\/runtime|\/lib64\/python\d/.test(file);
      one.frames.push(frame({ function: at[3] ?? '', file, line: Number(at[2]), own }));
      inFrames = true;
    } else if (PYTHON_BETWEEN.test(line)) {
      const relation = line.startsWith('The') ? 'cause' : 'context';
      close();
      // It is the earlier of the two; the later one comes to stand before it.
      if (out[0]) out[0].relation = relation;
    } else if (/^Traceback /.test(line)) inFrames = true;
    else if (inFrames && /^\s/.test(line)) {
      const last = one.frames.at(-1);
      const code = line.trim();
      // Lines of ^ and ~ point into the code.
      if (last && last.code === '' && !/^[\^~\s]+$/.test(code)) last.code = code;
    } else if (line.trim() !== '' || head.length > 0) {
      inFrames = false;
      head.push(line);
    }
  }
  close();
  return out;
}

// Node: "    at function (file:line:column)"; a cause stands in brackets at the end of what it caused.

const NODE_FRAME =
  /^\s*at (?:(async )?(?:(.+?) )?\()?((?:[a-z-]+:\/*)?[^()\s][^()]*?):(\d+):(\d+)\)?(?: \{)?$/;
const NODE_BARE = /^\s*at (async )?(.+?) \((<anonymous>|native|index \d+)\)(?: \{)?$/;

function readNode(lines: string[]): Failure[] {
  const out: Failure[] = [failure('none')];
  let fresh = true;
  for (const line of lines) {
    const one = out.at(-1) as Failure;
    const at = NODE_FRAME.exec(line);
    const bare = at ? null : NODE_BARE.exec(line);
    const cause = /^\s*(?:\[cause\]|Caused by): (.*)$/.exec(line);
    if (at) {
      const [, async, name = '', file = ''] = at;
      const plain = file.replace(/^file:\/\//, '');
      const own = !/^node:|node_modules|^internal\/|^\/var\/runtime/.test(plain);
      // Without parentheses "async" stands before the file.
      const moved = /^async /.test(plain);
      one.frames.push(
        frame({
          function: name,
          file: plain.replace(/^async /, ''),
          line: Number(at[4]),
          column: Number(at[5]),
          own: own && !(moved && /^async (?:node:|.*node_modules)/.test(plain)),
          apart: async !== undefined || moved,
        }),
      );
      fresh = false;
    } else if (bare) {
      one.frames.push(
        frame({ function: bare[2] ?? '', file: bare[3] ?? '', own: false, apart: bare[1] !== undefined }),
      );
      fresh = false;
    } else if (cause) {
      out.push(failure('cause', cause[1]));
      fresh = true;
    } else if (fresh && one.frames.length === 0 && line.trim() !== '') {
      if (one.type === '' && one.message === '') Object.assign(one, failure(one.relation, line.trim()));
      else addMessage(one, line);
    }
  }
  return out;
}

// Java and what runs beside it: "\tat class.method(File.java:line)".

const JAVA_FRAME = /^\s*at (?:[\w.@-]*\/)*([\p{L}\w.$<>]+)\((?:([^():]+?)(?::(\d+))?)\)(?: ~?\[.*\])?$/u;
const JAVA_LIBRARY =
  /^(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|groovy|clojure|akka|reactor|rx|io\.(?:netty|opentelemetry|micrometer|reactivex|grpc|vertx|micronaut|quarkus)|org\.(?:springframework|apache|hibernate|eclipse|jboss|postgresql|slf4j|junit|aspectj|codehaus|jetbrains|mybatis)|com\.(?:google|fasterxml|mysql|zaxxer|amazonaws|microsoft|alibaba\.druid|alibaba\.fastjson)|okhttp3|retrofit2|ch\.qos|lambdainternal|feign|redis\.clients)\./;

function readJava(lines: string[]): Failure[] {
  const out: Failure[] = [failure('none')];
  for (const line of lines) {
    const one = out.at(-1) as Failure;
    const at = JAVA_FRAME.exec(line);
    const next = /^\s*(Caused by|Suppressed): (.*)$/.exec(line);
    const more = /^\s*\.\.\. (\d+) (?:more|common frames omitted)$/.exec(line);
    if (at) {
      const name = at[1] ?? '';
      const file = at[2] ?? '';
      const own = !JAVA_LIBRARY.test(name) && !/^(?:Native Method|Unknown Source)$/.test(file);
      one.frames.push(frame({ function: name, file, line: Number(at[3] ?? 0), own }));
    } else if (next) out.push(failure(next[1] === 'Suppressed' ? 'suppressed' : 'cause', next[2]));
    else if (more) one.shared = Number(more[1]);
    else if (one.frames.length === 0 && line.trim() !== '') {
      if (one.type === '' && one.message === '')
        Object.assign(one, failure(one.relation, line.trim().replace(/^Exception in thread ".*?" /, '')));
      else addMessage(one, line);
    }
  }
  return out;
}

const READERS = [
  { language: 'go', frame: GO_FILE, read: readGo },
  { language: 'python', frame: PYTHON_FRAME, read: readPython },
  { language: 'node', frame: NODE_FRAME, read: readNode },
  { language: 'java', frame: JAVA_FRAME, read: readJava },
] as const;

/** Frames with their place, and library frames between the program's own as one run to be folded. */
export type FrameRun = { own: boolean; from: number; frames: Frame[] };

/** Runs of own and library frames. All are one own run where none or all are own: then there is nothing to tell apart. */
export function frameRuns(frames: readonly Frame[]): FrameRun[] {
  if (frames.every(({ own }) => !own))
    return frames.length === 0 ? [] : [{ own: true, from: 0, frames: [...frames] }];
  const runs: FrameRun[] = [];
  frames.forEach((one, at) => {
    const last = runs.at(-1);
    if (last && last.own === one.own) last.frames.push(one);
    else runs.push({ own: one.own, from: at, frames: [one] });
  });
  return runs;
}
