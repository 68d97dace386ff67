// Package samplingextension serves the sampling strategies that Jaeger clients poll, from a file that is read again
// whenever it changes.
package samplingextension
