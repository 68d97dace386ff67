// Package e2e holds black-box tests of the built weft binary: they start it as a user would, send it telemetry with
// clients that were not written here, stop and kill it, and look at the result through its HTTP API only.
//
// The binary is ../bin/weft, or what WEFT_BIN names; `make e2e` builds it and everything else these tests need.
// WEFT_E2E_LONG=1 runs the outage tests for the full two minutes.
package e2e
