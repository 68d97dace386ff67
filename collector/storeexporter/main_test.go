package storeexporter

import (
	"os"
	"testing"

	"weft/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(crashChildEnv) != "" {
		os.Exit(crashChild())
	}
	storetest.Main(m)
}
