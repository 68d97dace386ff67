import { describe, expect, it } from 'vitest';
import { frameRuns, parseStack, type Stack } from './stack';

const short = (stack: Stack) =>
  stack.failures.map(({ relation, type, message, frames, shared }) => ({
    relation,
    type,
    message,
    shared,
    frames: frames.map(
      (f) => `${f.own ? '' : '~'}${f.function} ${f.file}:${f.line}${f.apart ? ' apart' : ''}`,
    ),
  }));

describe('Go', () => {
  it('reads a goroutine, tells own code from modules and the runtime, and who began it', () => {
    const stack = parseStack(`goroutine 7 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
main.(*Shop).Charge(0xc000012345, {0x1, 0x2})
	/srv/shop/charge.go:41 +0x1d
github.com/go-chi/chi/v5.(*Mux).ServeHTTP(...)
	/home/ci/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go:90
shop/internal/pay.Do()
	/go/src/app/internal/pay/pay.go:3 +0x1
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3285 +0x4b4
`);
    expect(stack.language).toBe('go');
    expect(short(stack)).toEqual([
      {
        relation: 'none',
        type: '',
        message: '',
        shared: 0,
        frames: [
          '~runtime/debug.Stack /usr/local/go/src/runtime/debug/stack.go:26',
          'main.(*Shop).Charge /srv/shop/charge.go:41',
          '~github.com/go-chi/chi/v5.(*Mux).ServeHTTP /home/ci/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go:90',
          'shop/internal/pay.Do /go/src/app/internal/pay/pay.go:3',
          '~net/http.(*Server).Serve /usr/local/go/src/net/http/server.go:3285 apart',
        ],
      },
    ]);
  });

  it('has what a panic says', () => {
    const [one] = parseStack(
      'panic: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x.go:5 +0x1\n',
    ).failures;
    expect([one?.type, one?.message, one?.frames.length]).toEqual([
      'panic',
      'index out of range [5] with length 3',
      1,
    ]);
  });
});

describe('Python', () => {
  it('puts the last exception first, its cause after it, and the innermost call first', () => {
    const stack = parseStack(`Traceback (most recent call last):
  File "/app/db.py", line 7, in load
    return rows[key]
           ~~~~^^^^^
KeyError: 'id'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/flask/app.py", line 880, in full_dispatch_request
    rv = self.dispatch_request()
  File "/app/main.py", line 12, in handler
    load()
shop.errors.NotFound: 订单不存在
second line
`);
    expect(stack.language).toBe('python');
    expect(short(stack)).toEqual([
      {
        relation: 'none',
        type: 'shop.errors.NotFound',
        message: '订单不存在\nsecond line',
        shared: 0,
        frames: [
          'handler /app/main.py:12',
          '~full_dispatch_request /usr/lib/python3.11/site-packages/flask/app.py:880',
        ],
      },
      { relation: 'cause', type: 'KeyError', message: "'id'", shared: 0, frames: ['load /app/db.py:7'] },
    ]);
    expect(stack.failures[1]?.frames[0]?.code).toBe('return rows[key]');
  });

  it('knows what happened while another was handled', () => {
    const stack = parseStack(
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "b.py", line 2, in g\nTypeError: no',
    );
    expect(short(stack).map(({ relation, type }) => [relation, type])).toEqual([
      ['none', 'TypeError'],
      ['context', 'ValueError'],
    ]);
  });
});

describe('Node', () => {
  it('reads functions, files without one, async calls and causes', () => {
    const stack = parseStack(`TypeError: Cannot read properties of undefined (reading 'id')
    at charge (/app/src/pay.js:10:15)
    at /app/src/server.js:5:3
    at new Shop (file:///app/shop.mjs:1:2)
    at async Promise.all (index 0)
    at async Router.handle (/app/node_modules/router/index.js:99:7)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  [cause]: Error [ERR_X]: connect ECONNREFUSED 127.0.0.1:5432
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16) {
    code: 'ECONNREFUSED'
  }
}`);
    expect(stack.language).toBe('node');
    expect(short(stack)).toEqual([
      {
        relation: 'none',
        type: 'TypeError',
        message: "Cannot read properties of undefined (reading 'id')",
        shared: 0,
        frames: [
          'charge /app/src/pay.js:10',
          ' /app/src/server.js:5',
          'new Shop /app/shop.mjs:1',
          '~Promise.all index 0:0 apart',
          '~Router.handle /app/node_modules/router/index.js:99 apart',
          '~process.processTicksAndRejections node:internal/process/task_queues:95',
        ],
      },
      {
        relation: 'cause',
        type: 'Error [ERR_X]',
        message: 'connect ECONNREFUSED 127.0.0.1:5432',
        shared: 0,
        frames: ['~TCPConnectWrap.afterConnect [as oncomplete] node:net:1595'],
      },
    ]);
  });
});

describe('Java', () => {
  it('reads causes, suppressed ones, modules and what is left out', () => {
    const stack = parseStack(`Exception in thread "main" com.shop.PayException: declined
 and why
	at com.shop.Pay.charge(Pay.java:42)
	at org.springframework.web.Foo.doIt(Foo.java:1) ~[spring-web-6.jar:6.0]
	at java.base/java.lang.Thread.run(Thread.java:833)
	Suppressed: java.io.IOException: close
		at com.shop.Pay.close(Pay.java:50)
Caused by: java.sql.SQLException: timeout
	at com.shop.Db.query(Db.java)
	at com.shop.Db$$Lambda$1.run(Unknown Source)
	... 12 more
`);
    expect(stack.language).toBe('java');
    expect(short(stack)).toEqual([
      {
        relation: 'none',
        type: 'com.shop.PayException',
        message: 'declined\n and why',
        shared: 0,
        frames: [
          'com.shop.Pay.charge Pay.java:42',
          '~org.springframework.web.Foo.doIt Foo.java:1',
          '~java.lang.Thread.run Thread.java:833',
        ],
      },
      {
        relation: 'suppressed',
        type: 'java.io.IOException',
        message: 'close',
        shared: 0,
        frames: ['com.shop.Pay.close Pay.java:50'],
      },
      {
        relation: 'cause',
        type: 'java.sql.SQLException',
        message: 'timeout',
        shared: 12,
        frames: ['com.shop.Db.query Db.java:0', '~com.shop.Db$$Lambda$1.run Unknown Source:0'],
      },
    ]);
  });
});

describe('anything else', () => {
  it('is no stack', () => {
    for (const text of ['', 'it broke', 'main.go:1', 'at noon', '{"a": 1}', '\u0000'.repeat(100)])
      expect(parseStack(text).failures, text).toEqual([]);
  });

  it('is read in reasonable time however long and odd', () => {
    for (const text of [
      `Error: x\n${'    at f (/a.js:1:2)\n'.repeat(50_000)}`,
      `Error: x\n    at ${'a('.repeat(50_000)}`,
      `\tat ${'a.'.repeat(50_000)}\n\tat a.b(C.java:1)`,
      `${'x'.repeat(500_000)}\n\t/a.go:1`,
    ]) {
      const began = performance.now();
      expect(parseStack(text).failures.every(({ frames }) => frames.length <= 2000)).toBe(true);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
  });
});

it('folds what is not own, unless nothing is', () => {
  const frame = (own: boolean) => ({
    function: '',
    file: '',
    line: 0,
    column: 0,
    code: '',
    apart: false,
    own,
  });
  expect(
    frameRuns([true, false, false, true].map(frame)).map(({ own, frames }) => [own, frames.length]),
  ).toEqual([
    [true, 1],
    [false, 2],
    [true, 1],
  ]);
  expect(frameRuns([false, false].map(frame)).map(({ own, frames }) => [own, frames.length])).toEqual([
    [true, 2],
  ]);
  expect(frameRuns([])).toEqual([]);
});
