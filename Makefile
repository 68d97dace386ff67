# Weft. Needs Go, Node and npm; everything else is fetched through npm, Go modules or apt.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ENGINE  := $(CURDIR)/data/engine/libchdb.so
MODULES := sdk examples/shop $(addprefix examples/functions/,fc-event fc-http fc-tracing fc-trigger lambda-concurrent lambda-echo lambda-errors lambda-extension lambda-sigterm lambda-stream)
CLIENTS := e2e/clients bench/stock bench/functions
RESULTS := $(CURDIR)/bin/test
export WEFT_ENGINE_LIB ?= $(ENGINE)
GOTEST = go tool gotestsum --format pkgname --jsonfile $(RESULTS)/$(1).json --

.PHONY: help run build ui engine test lint unit unit-ui e2e bench bench-query bench-faas screenshots gen fuzz browser flask clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build engine ## build everything and start Weft with the demo shop on http://127.0.0.1:16686
	bin/weft up --demo

build: ui ## bin/weft, and bin/shop for the demo
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o bin/weft ./cmd/weft
	go build -C examples/shop -ldflags "-s -w" -o $(CURDIR)/bin/shop .
	$(call npm,examples/shop/node)

ui: ## the web UI, into web/ui/dist
	$(call npm,web/ui)
	rm -rf web/ui/dist/assets
	npm --prefix web/ui run --silent build

engine: $(ENGINE) ## the embedded ClickHouse, into data/engine
$(ENGINE): store/engine/npm/package-lock.json
	$(call npm,store/engine/npm)
	mkdir -p $(@D)
	ln -f store/engine/npm/node_modules/@chdb/lib-*/libchdb.so $@ || cp store/engine/npm/node_modules/@chdb/lib-*/libchdb.so $@
	touch $@

test: lint unit unit-ui e2e ## everything: linters, unit, real ClickHouse, real clients, real browser
	@cat $(RESULTS)/*.json | awk '/"Action":"pass".*"Test":/ {p++} /"Action":"fail".*"Test":/ {f++} END {printf "%d passed, %d failed\n", p, f}'

lint: ui ## gofmt, vet, staticcheck; Biome and tsc for the UI
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "gofmt: run gofmt -w on the files above"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	@check=$$(go tool -n staticcheck); for m in $(MODULES) $(CLIENTS); do (cd $$m && go vet ./... && $$check ./...); done
	npm --prefix web/ui run --silent check

unit: engine flask | $(RESULTS) ## Go tests, on a real engine where one is needed
	$(call npm,examples/functions/express)
	@for m in $(MODULES); do go list -C $$m -deps ./... >/dev/null; done # fetches what the tests build
	$(call GOTEST,unit) -timeout 15m $$(go list ./... | grep -v /e2e)
	$(call npm,examples/shop/node)
	@sum=$$(go tool -n gotestsum); for m in $(MODULES); do \
	  (cd $$m && $$sum --format pkgname --jsonfile $(RESULTS)/$${m//\//-}.json -- ./...); done

unit-ui: ui ## the UI's unit and component tests
	npm --prefix web/ui run --silent test

e2e: build engine browser flask | $(RESULTS) ## black-box tests of bin/weft with real clients and a real browser
	$(call npm,e2e/clients/node)
	$(call GOTEST,e2e) -timeout 50m -count=1 ./e2e/

bench: build engine ## the same load into Weft and into a stock collector; results in bench/results
	go run ./bench

bench-query: build engine ## what questions cost at 3, 10 and 30 million spans, against the stock schema's SQL
	go run ./bench query

bench-faas: flask ## what the invoke runtime adds to functions, warm and cold, against a plain reverse proxy
	$(call npm,examples/functions/express)
	go run ./bench faas

screenshots: build engine browser ## pictures of every page in two themes, languages and sizes, into bin/screenshots; of WEFT_URL, else of a demo of its own
	node web/ui/e2e/screenshots.mjs $(CURDIR)/bin/screenshots $(PAGES)

fuzz: ## every fuzz target for FUZZTIME each (default 20s)
	@for m in . sdk; do cd $(CURDIR)/$$m; for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep ^Fuzz || true); do \
	  echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-20s} -fuzzminimizetime 10x $$p; done; done; done

gen: ## generated code
	npm --prefix web/ui run --silent gen

browser: ## Chromium, when there is none
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; }

flask: ## Flask for Debian's Python, when there is none
	@/usr/bin/python3 -c 'import flask' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-flask; }

$(RESULTS):
	mkdir -p $@

clean: ## remove what was built; data/ stays
	rm -rf bin web/ui/dist/assets

# npm runs a clean install of folder $(1) unless the one that is there came from the same lock file.
define npm
@cmp -s $(1)/package-lock.json $(1)/node_modules/.weft-lock || { npm ci --prefix $(1) --no-audit --no-fund --loglevel=error && cp $(1)/package-lock.json $(1)/node_modules/.weft-lock; }
endef
