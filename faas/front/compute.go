package front

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"weft/faas"
	"weft/faas/contract"
)

// invokeCompute is Function Compute's InvokeFunction. Source: API reference 2023-03-30 and its SDKs.
func (f *front) invokeCompute(w http.ResponseWriter, r *http.Request) {
	id := cmp.Or(r.Header.Get("X-Fc-Request-Id"), uuid.NewString())
	w.Header().Set("X-Fc-Request-Id", id)
	if kind := r.Header.Get("X-Fc-Invocation-Type"); kind != "" && kind != "Sync" {
		computeError(w, id, &computeFailure{http.StatusBadRequest, "InvalidArgument",
			fmt.Sprintf("x-fc-invocation-type: want Sync, got %q; asynchronous invocation is not offered", kind)})
		return
	}
	tail := r.Header.Get("X-Fc-Log-Type")
	if tail != "" && tail != "None" && tail != "Tail" {
		computeError(w, id, &computeFailure{http.StatusBadRequest, "InvalidArgument", fmt.Sprintf("x-fc-log-type: want None or Tail, got %q", tail)})
		return
	}
	event, err := readEvent(r, contract.MaxFCRequest)
	if err != nil {
		computeError(w, id, err)
		return
	}
	answer := &buffered{header: w.Header()}
	res, err := f.rt.Do(r.Context(), &faas.Request{Function: nameOf(r), Qualifier: r.URL.Query().Get("qualifier"), ID: id,
		Event: event, Header: r.Header, Log: tail == "Tail"}, answer)
	if err != nil {
		computeError(w, id, err)
		return
	}
	h := w.Header()
	h.Set("X-Fc-Version-Id", res.Version)
	if tail == "Tail" {
		h.Set("X-Fc-Log-Result", base64.StdEncoding.EncodeToString(res.Log))
	}
	if e := res.Error; e != nil {
		kind := "UnhandledInvocationError"
		if e.Handled {
			kind = "HandledInvocationError"
		}
		h.Set("X-Fc-Error-Type", kind)
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(errorPayload(e, res.ID))
		return
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(answer.body)
}

type computeFailure struct {
	status        int
	code, message string
}

func (e *computeFailure) Error() string { return e.message }

// computeError writes err in the shape of Function Compute's API.
func computeError(w http.ResponseWriter, id string, err error) {
	var own *computeFailure
	if !errors.As(err, &own) {
		r := refusalOf(err)
		own = &computeFailure{r.status, r.compute, err.Error()}
	}
	writeJSON(w, own.status, map[string]string{"Code": own.code, "Message": own.message, "RequestId": id})
}
