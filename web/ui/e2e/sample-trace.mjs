// A trace of every kind that the span panel has something to say about, as OTLP JSON.

const MS = 1_000_000n;

export const STACKS = {
  go: `goroutine 7 [running]:
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
main.(*Shop).Charge(0xc000012345, {0x1, 0x2})
\t/srv/shop/charge.go:41 +0x1d
github.com/go-chi/chi/v5.(*Mux).routeHTTP(0xc000104000)
\t/home/ci/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go:446 +0x216
github.com/go-chi/chi/v5.(*Mux).ServeHTTP(0xc000104000)
\t/home/ci/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go:90 +0x310
main.main()
\t/srv/shop/main.go:12 +0x1d
`,
  python: `Traceback (most recent call last):
  File "/app/db.py", line 7, in load
    return rows[key]
           ~~~~^^^^^
KeyError: 'id'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/flask/app.py", line 880, in full_dispatch_request
    rv = self.dispatch_request()
  File "/usr/lib/python3.11/site-packages/flask/app.py", line 865, in dispatch_request
    return self.view_functions[rule.endpoint](**view_args)
  File "/app/main.py", line 12, in handler
    load(order)
shop.errors.NotFound: order 订单 4711 not found
`,
  node: `TypeError: Cannot read properties of undefined (reading 'id')
    at charge (/app/src/pay.js:10:15)
    at async Router.handle (/app/node_modules/router/index.js:99:7)
    at async next (/app/node_modules/router/index.js:160:9)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  [cause]: Error: connect ECONNREFUSED 10.0.0.5:5432
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)
}`,
  java: `com.shop.PayException: declined
\tat com.shop.Pay.charge(Pay.java:42)
\tat org.springframework.web.Servlet.service(Servlet.java:1)
\tat java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.sql.SQLException: timeout
\tat com.shop.Db.query(Db.java:17)
\t... 2 more
`,
};

const SQL =
  "SELECT o.id, o.total_fen, c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE o.status IN ('paid', 'sent') AND c.email = 'zhang.san@example.com' AND o.total_fen BETWEEN 100 AND 99900 ORDER BY o.created_at DESC LIMIT 20";

const text = (key, value) => ({ key, value: { stringValue: value } });
const exception = (timeUnixNano, type, message, stack) => ({
  name: 'exception',
  timeUnixNano,
  attributes: [
    text('exception.type', type),
    text('exception.message', message),
    text('exception.stacktrace', stack),
  ],
});

/** now is in milliseconds; the trace ends then. */
export function sampleTrace(traceId, now) {
  const start = BigInt(now) * MS - 400n * MS;
  const at = (ms) => String(start + BigInt(ms) * MS);
  const id = (n) => n.toString(16).padStart(16, '0');
  const span = (n, parent, name, kind, from, to, more = {}) => ({
    traceId,
    spanId: id(n),
    ...(parent > 0 && { parentSpanId: id(parent) }),
    name,
    kind,
    startTimeUnixNano: at(from),
    endTimeUnixNano: at(to),
    ...more,
  });
  const failed = (message) => ({ status: { code: 2, message } });
  const resource = (service, scope, spans) => ({
    resource: { attributes: [text('service.name', service), text('service.version', '2.0.1')] },
    scopeSpans: [{ scope: { name: scope, version: '1' }, spans }],
  });
  return {
    resourceSpans: [
      resource('sample-shop', 'net/http', [
        span(1, 0, 'POST /orders', 2, 0, 400, {
          attributes: [
            { key: 'http.response.status_code', value: { intValue: '502' } },
            { key: 'big', value: { intValue: '9007199254740993' } },
            { key: 'ratio', value: { doubleValue: 0.25 } },
            { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }] } } },
            text('request.body', `{"note":"${'长文本 long text '.repeat(700)}"}`),
            text(`a.very.long.key.${'that.goes.on.'.repeat(12)}end`, 'x'.repeat(300)),
          ],
          events: [exception(at(390), '*errors.errorString', 'charge failed', STACKS.go)],
          ...failed('charge failed'),
        }),
        span(2, 1, 'SELECT orders', 3, 10, 60, {
          attributes: [
            text('db.system.name', 'postgresql'),
            text('db.query.text', SQL),
            text('db.namespace', 'shop'),
            text('server.address', 'orders-db'),
            text('db.query.parameter.0', 'secret value'),
          ],
        }),
        span(3, 1, 'publish orders', 4, 70, 80, {
          attributes: [text('messaging.system', 'kafka'), text('messaging.destination.name', 'orders')],
        }),
      ]),
      resource('sample-pay', '@opentelemetry/instrumentation-http', [
        span(4, 1, 'charge', 2, 90, 300, {
          events: [
            exception(
              at(280),
              'TypeError',
              "Cannot read properties of undefined (reading 'id')",
              STACKS.node,
            ),
          ],
          ...failed('TypeError'),
        }),
      ]),
      resource('sample-mail', 'celery', [
        span(5, 1, 'process orders', 5, 310, 350, {
          links: [{ traceId, spanId: id(3), attributes: [text('messaging.message.id', '42')] }],
          events: [exception(at(340), 'shop.errors.NotFound', 'order 订单 4711 not found', STACKS.python)],
          ...failed('not found'),
        }),
        span(6, 5, 'audit', 1, 320, 330, {
          events: [
            exception(at(325), 'com.shop.PayException', 'declined', STACKS.java),
            exception(at(326), 'Oops', 'no stack that anybody knows', 'somewhere in the dark\n  at noon'),
          ],
          ...failed('declined'),
        }),
      ]),
    ],
  };
}
