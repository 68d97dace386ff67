'use strict';

exports.handler = async (event) => {
  const name = event.name || 'world';
  console.log('greeting', name);
  return { message: `hello ${name}` };
};
