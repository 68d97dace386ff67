// Package state keeps what is not telemetry: small records that are changed with a check on their revision (Bucket), and
// content-addressed objects such as packages of code (Objects). It is the only package that speaks NATS; JetStream runs in
// this process or is reached by URL. See docs/adr/0002-state-store.md.
package state
