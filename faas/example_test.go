package faas_test

import (
	"context"
	"fmt"
	"os"

	"weft/faas"
)

// A Go program runs a function of its own; what is to be told goes nowhere without an exporter.
func Example() {
	dir, err := os.MkdirTemp("", "faas-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	rt, err := faas.New(faas.Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	defer rt.Close(context.Background())
	greet := func(_ context.Context, event []byte) ([]byte, error) { return append([]byte("hello "), event...), nil }
	if err := rt.Register("greet", greet, faas.Options{}); err != nil {
		panic(err)
	}
	answer, err := rt.Invoke(context.Background(), "greet", []byte("you"))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(answer))
	// Output: hello you
}
