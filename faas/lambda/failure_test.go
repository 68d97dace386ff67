package lambda

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"

	"weft/faas/contract"
)

func TestParseStack(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []contract.Frame
	}{
		"Go": {`[{"path":"app/main.go","line":7,"label":"handle"},{"path":"app/x.go","line":9,"label":"T.m"}]`,
			[]contract.Frame{{Function: "handle", File: "app/main.go", Line: 7}, {Function: "T.m", File: "app/x.go", Line: 9}}},
		"Node trace": {`["TypeError: x is not a function","    at price (/var/task/index.js:12:7)","    at async Runtime.handler (file:///var/task/index.mjs:3:1)","    at /var/task/lib.js:4:2","    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"]`,
			[]contract.Frame{{Function: "price", File: "/var/task/index.js", Line: 12}, {Function: "Runtime.handler", File: "/var/task/index.mjs", Line: 3},
				{File: "/var/task/lib.js", Line: 4}, {Function: "process.processTicksAndRejections", File: "node:internal/process/task_queues", Line: 95}}},
		"Node stackTrace": {`["price (/var/task/index.js:12:7)"]`, []contract.Frame{{Function: "price", File: "/var/task/index.js", Line: 12}}},
		"Python": {`["  File \"/var/task/app.py\", line 5, in handler\n    return price()\n","  File \"/var/task/app.py\", line 9, in price\n    raise ValueError(1)\n"]`,
			[]contract.Frame{{Function: "price", File: "/var/task/app.py", Line: 9}, {Function: "handler", File: "/var/task/app.py", Line: 5}}},
		"Python lists": {`[["/var/task/app.py",5,"handler","return price()"],["/var/task/app.py",9,"price","raise"]]`,
			[]contract.Frame{{Function: "price", File: "/var/task/app.py", Line: 9}, {Function: "handler", File: "/var/task/app.py", Line: 5}}},
		"nothing":        {``, nil},
		"null":           {`null`, nil},
		"empty":          {`[]`, nil},
		"something else": {`{"a":1}`, nil},
		"text":           {`["no frame"]`, nil},
	} {
		if got := parseStack(json.RawMessage(c.in)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestParseFailure(t *testing.T) {
	const cause = `{"working_directory":"/var/task","exceptions":[{"type":"E","message":"m","stack":[{"path":"a.rb","line":3,"label":"f"}]}],"paths":["a.rb"]}`
	frames := []contract.Frame{{Function: "f", File: "a.rb", Line: 3}}
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		want   contract.Error
	}{
		"document": {nil, `{"errorMessage":"m","errorType":"TypeError"}`,
			contract.Error{Type: "TypeError", Message: "m", Payload: []byte(`{"errorMessage":"m","errorType":"TypeError"}`), Handled: true}},
		"header": {map[string]string{headerErrorType: "Runtime.ImportModuleError"}, `{"errorMessage":"m"}`,
			contract.Error{Type: "Runtime.ImportModuleError", Message: "m", Payload: []byte(`{"errorMessage":"m"}`), Handled: true}},
		"nothing": {nil, ``, contract.Error{Type: contract.ErrFunction, Handled: true}},
		"text":    {nil, `oh no`, contract.Error{Type: contract.ErrFunction, Message: "oh no", Payload: []byte(`oh no`), Handled: true}},
		"cause for X-Ray": {map[string]string{headerErrorCause: cause}, `{"errorMessage":"m","errorType":"E"}`,
			contract.Error{Type: "E", Message: "m", Payload: []byte(`{"errorMessage":"m","errorType":"E"}`), Stack: frames, Handled: true}},
		"cause in the body": {map[string]string{"Content-Type": contentTypeCause}, `{"errorMessage":"m","errorType":"E","errorCause":` + cause + `}`,
			contract.Error{Type: "E", Message: "m", Payload: []byte(`{"errorMessage":"m","errorType":"E"}`), Stack: frames, Handled: true}},
		"a cause that is none": {map[string]string{headerErrorCause: "{"}, `{"errorMessage":"m","errorType":"E"}`,
			contract.Error{Type: "E", Message: "m", Payload: []byte(`{"errorMessage":"m","errorType":"E"}`), Handled: true}},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		if got := parseFailure(h, []byte(c.body), contract.ErrFunction); !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, *got, c.want)
		}
	}
}

func TestInvalidResponseMode(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	results := invoke(context.Background(), i, event("a", "1"))
	p.next()
	if g := p.respond("a", "x", headerResponseMode, "sideways"); g.String() != "400 InvalidFunctionResponseMode" {
		t.Errorf("got %v", g)
	}
	if out := await(t, results); out.String() != "error Runtime.InvalidResponseModeHeader" {
		t.Errorf("outcome: %v", out)
	}
}
