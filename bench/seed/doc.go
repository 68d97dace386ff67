// Package seed makes the traces that a trace viewer is tried with: of 1,000 to 100,000 spans, 20,000 deep, 50,000 wide, with clocks
// that differ, parents that are missing or in a circle, queues that wait two hours, repeated statements, a cold start, names in Chinese,
// 200 services; and call graphs of 50, 1,000 and 2,000 nodes.
//
// The same seed and base time make the same spans with the same ids on every machine. Facts says what is true of them, for tests
// to compare with what they see.
package seed
