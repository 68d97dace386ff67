'use strict';
// Calls functions with Alibaba's stock client of Function Compute 3.0: FC_ENDPOINT (host:port), then one argument of JSON: a list of
// {function, payload, qualifier, log, type}. Prints the answers as a list.
const { Readable } = require('stream');
const { default: Client, InvokeFunctionRequest, InvokeFunctionHeaders } = require('@alicloud/fc20230330');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const $dara = require('@darabonba/typescript');

async function call(client, c) {
  const request = new InvokeFunctionRequest({ qualifier: c.qualifier, body: Readable.from([Buffer.from(c.payload || '')]) });
  const headers = new InvokeFunctionHeaders({ xFcInvocationType: c.type, xFcLogType: c.log ? 'Tail' : undefined });
  try {
    const res = await client.invokeFunctionWithOptions(c.function, request, headers, new $dara.RuntimeOptions({}));
    const chunks = [];
    for await (const chunk of res.body) chunks.push(chunk);
    const log = res.headers['x-fc-log-result'];
    return {
      status: res.statusCode, payload: Buffer.concat(chunks).toString(), error: res.headers['x-fc-error-type'],
      version: res.headers['x-fc-version-id'], requestId: res.headers['x-fc-request-id'], log: log && Buffer.from(log, 'base64').toString(),
    };
  } catch (err) {
    return { status: err.statusCode, code: err.code, message: err.message, requestId: err.data && err.data.RequestId };
  }
}

async function main() {
  const client = new Client(new $OpenApiUtil.Config({
    endpoint: process.env.FC_ENDPOINT, protocol: 'http', regionId: 'local',
    accessKeyId: 'id', accessKeySecret: 'secret', securityToken: process.env.FC_TOKEN || undefined, type: process.env.FC_TOKEN ? 'sts' : 'access_key',
  }));
  const answers = [];
  for (const c of JSON.parse(process.argv[2])) answers.push(await call(client, c));
  console.log(JSON.stringify(answers));
}

main();
