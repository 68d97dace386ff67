'use strict';
// Calls a function with AWS's stock client: LAMBDA_ENDPOINT, then one argument of JSON: {function, payload, log}.
const { LambdaClient, InvokeCommand } = require('@aws-sdk/client-lambda');

async function main() {
  const call = JSON.parse(process.argv[2]);
  const client = new LambdaClient({
    endpoint: process.env.LAMBDA_ENDPOINT, region: 'local', maxAttempts: 1,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: process.env.LAMBDA_TOKEN },
  });
  try {
    const res = await client.send(new InvokeCommand({
      FunctionName: call.function, Payload: call.payload, LogType: call.log ? 'Tail' : 'None',
    }));
    console.log(JSON.stringify({
      status: res.StatusCode, payload: Buffer.from(res.Payload).toString(), error: res.FunctionError,
      version: res.ExecutedVersion, log: res.LogResult && Buffer.from(res.LogResult, 'base64').toString(),
    }));
  } catch (err) {
    console.log(JSON.stringify({ code: err.name, message: err.message }));
  }
}

main();
