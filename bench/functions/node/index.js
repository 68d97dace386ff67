// A Lambda handler that says how long it took.
exports.handler = async (event) => {
  const began = process.hrtime.bigint();
  return { handler_ns: Number(process.hrtime.bigint() - began), event };
};
