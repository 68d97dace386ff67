// The same handler in a plain web server, for the reverse proxy that is compared with.
const http = require('node:http');
const { handler } = require('./index.js');

http
  .createServer(async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    const answer = JSON.stringify(await handler(JSON.parse(Buffer.concat(parts))));
    res.setHeader('Content-Type', 'application/json');
    res.end(answer);
  })
  .listen(process.env.PORT, '127.0.0.1');
