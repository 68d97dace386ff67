package webapp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"weft/faas/contract"
	"weft/faas/fc"
)

// maxFault bounds an error document, in bytes; what comes after is not read.
const maxFault = 1 << 20

// event has the program handle an event at POST /invoke.
func (i *Instance) event(ctx, alive context.Context, inv *contract.Invocation, w http.ResponseWriter, out *contract.Outcome) error {
	if len(inv.Event) > contract.MaxFCRequest {
		return &contract.Error{
			Type:    contract.ErrRequestTooLarge,
			Message: fmt.Sprintf("event: want at most %d bytes, got %d", contract.MaxFCRequest, len(inv.Event)),
		}
	}
	resp, dispatched, err := i.control(alive, inv, fc.Handle, http.MethodPost, "/invoke", inv.Event)
	if out.Dispatched = dispatched; err != nil {
		return i.failure(ctx, err, 0)
	}
	defer resp.Body.Close()
	out.FirstByte = time.Now()
	if err := i.fault(ctx, resp); err != nil {
		out.LastByte = time.Now()
		return err
	}
	header := http.Header{}
	if typ := resp.Header.Get("Content-Type"); typ != "" {
		header.Set("Content-Type", typ)
	}
	err = contract.Pass(ctx, contract.Answer{
		Status: http.StatusOK, Header: header, Length: resp.ContentLength, Limit: contract.MaxFCResponse, Body: resp.Body,
	}, w, out)
	var large *contract.Error
	if err == nil || asFailure(err, &large) {
		return err
	}
	return i.failure(ctx, err, out.ResponseBytes)
}

// control sends one of the contract's own requests.
func (i *Instance) control(ctx context.Context, inv *contract.Invocation, typ fc.Type, method, path string, body []byte) (
	resp *http.Response, dispatched time.Time, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+i.link.addresses[0]+path, bytes.NewReader(body))
	if err != nil {
		return nil, dispatched, err
	}
	i.identity.SetHeaders(r.Header, inv, typ)
	r.Header.Set("X-Fc-Control-Path", path)
	r.Header.Set("User-Agent", "weft")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	dispatched = time.Now()
	resp, err = i.link.RoundTrip(r)
	return resp, dispatched, err
}

// fault is the failure that resp reports: by a status, or by the header x-fc-status: 404. Nil: there is none.
func (i *Instance) fault(ctx context.Context, resp *http.Response) error {
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 && !failedByHeader(resp.Header) {
		return nil
	}
	document, err := io.ReadAll(io.LimitReader(resp.Body, maxFault))
	if err != nil {
		return i.failure(ctx, err, int64(len(document)))
	}
	e := fc.Fault(document)
	if e.Message == "" {
		e.Message = fmt.Sprintf("%s answered with status %d", resp.Request.URL.Path, resp.StatusCode)
	}
	return e
}

func failedByHeader(h http.Header) bool { return h.Get("X-Fc-Status") == "404" }
