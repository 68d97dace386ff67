package lambda

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"weft/faas/contract"
)

// nowhere is a caller who reads nothing.
type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkInvoke is the whole round trip through a program built with the vendor's SDK for Go, whose handler does nothing:
// the event over the poll, the answer, and the next poll. rate=0: one after the other; else so many a second, open loop.
func BenchmarkInvoke(b *testing.B) {
	for _, rate := range []int{0, 500} {
		b.Run(fmt.Sprintf("rate=%d", rate), func(b *testing.B) {
			i, _ := startFunction(b, "lambda-echo")
			sc := span(b)
			took := make([]time.Duration, 0, b.N)
			b.ReportAllocs()
			start := time.Now()
			for n := 0; b.Loop(); n++ {
				if rate > 0 {
					time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(rate))))
				}
				begin := time.Now()
				inv := &contract.Invocation{ID: fmt.Sprintf("id-%d", n), Event: []byte(`{"n":1}`), Deadline: begin.Add(patience), Span: sc}
				out, err := i.Invoke(b.Context(), inv, &nowhere{http.Header{}})
				took = append(took, time.Since(begin))
				if err != nil || out.Error != nil {
					b.Fatal(err, out.Error)
				}
				<-out.Free
			}
			slices.Sort(took)
			for _, q := range []int{50, 90, 99} {
				b.ReportMetric(float64(took[len(took)*q/100].Nanoseconds())/1e3, fmt.Sprintf("p%d-µs", q))
			}
		})
	}
}
