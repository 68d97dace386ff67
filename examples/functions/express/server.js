// An Express app as anybody writes one. Weft runs it as it is: it knows nothing of Weft or of functions.
const http = require('node:http');
const express = require('express');
const { WebSocketServer } = require('ws');

const app = express();

app.get('/', (req, res) => res.send('hello from express'));

app.get('/headers', (req, res) => res.json({ headers: req.headers, url: req.originalUrl, ip: req.ip }));

app.post('/json', express.json(), (req, res) => res.status(201).json(req.body));

// A chat's feed: one server-sent event at once, and one for each message that is posted.
const listeners = new Set();
app.get('/events', (req, res) => {
  res.set('Content-Type', 'text/event-stream');
  res.write('data: welcome\n\n');
  listeners.add(res);
  req.on('close', () => {
    listeners.delete(res);
    console.log('listener left');
  });
});
app.post('/events', express.text(), (req, res) => {
  for (const l of listeners) l.write(`data: ${req.body}\n\n`);
  res.sendStatus(204);
});

const server = http.createServer(app);
new WebSocketServer({ server, path: '/socket' }).on('connection', (socket, req) => {
  socket.send(JSON.stringify({ traceparent: req.headers.traceparent }));
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('close', () => console.log('socket closed'));
});

server.listen(process.env.PORT || 3000);
