'use strict';

const express = require('express');

const app = express();
app.get('/healthz', (req, res) => res.send('ok'));
app.get('/', (req, res) => {
  const name = req.query.name || 'world';
  console.log('greeting', name);
  res.json({ message: `hello ${name}` });
});
app.listen(process.env.PORT);
