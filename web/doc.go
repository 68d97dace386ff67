// Package web serves everything that people and programs read over HTTP: the API described by openapi.yaml, the Jaeger
// query APIs that existing clients speak, and the embedded user interface.
package web
