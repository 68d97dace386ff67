package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"weft/bench/seed"
)

// seedStore fills a running Weft with the traces of package seed.
func seedStore(ctx context.Context, args []string) error {
	var endpoint, ui, token string
	var number uint64
	var facts bool
	base := time.Now()
	fs := flag.NewFlagSet("bench seed", flag.ContinueOnError)
	fs.StringVar(&endpoint, "endpoint", "127.0.0.1:4317", "OTLP/gRPC `address` of the collector")
	fs.StringVar(&ui, "ui", "http://127.0.0.1:16686", "`address` of the UI, for the links that are printed")
	fs.StringVar(&token, "token", os.Getenv("WEFT_TOKEN"), "access token, scope ingest, of a server that asks for one (default $WEFT_TOKEN)")
	fs.Uint64Var(&number, "seed", 1, "of the generator: the same seed and base make the same spans and ids")
	fs.Func("base", "shortly after the last span ends, RFC 3339 (default now)", func(text string) (err error) {
		base, err = time.Parse(time.RFC3339Nano, text)
		return err
	})
	fs.BoolVar(&facts, "json", false, "print what is true of the traces as JSON, for the browser checks")
	if err := parseAll(fs, args); err != nil {
		return err
	}
	s := seed.New(seed.Options{Seed: number, Base: base})
	if err := s.Send(ctx, endpoint, token); err != nil {
		return err
	}
	if facts {
		return json.NewEncoder(os.Stdout).Encode(s.Facts)
	}
	fmt.Printf("%d spans in %d traces\n", s.Spans(), len(s.Set.Traces))
	ui = strings.TrimRight(ui, "/")
	for _, name := range s.Facts.Names() {
		t := s.Facts.Traces[name]
		fmt.Printf("%-14s %6d spans  %s/trace/%s  %s\n", name, t.Spans, ui, t.ID, t.Says)
	}
	for _, name := range s.Facts.GraphNames() {
		g := s.Facts.Graphs[name]
		at := func(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
		fmt.Printf("%-14s %6d edges  %s/map?from=%s&to=%s\n", name+" nodes", g.Edges, ui, at(g.FromNS), at(g.ToNS))
	}
	return nil
}
