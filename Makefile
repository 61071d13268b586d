# The two commands that matter: make run, make test. They need Go, make and git.

GO      ?= go
LINT    := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
SWAG    := $(GO) run github.com/swaggo/swag/cmd/swag@v1.16.6
FUZZ    ?= 20s
DIR     ?= ./var
PEOPLE  ?= 60
SOAK    ?=
SIZES   ?= 100,1000,10000

.DEFAULT_GOAL := help
.PHONY: help run test race bench bench-growth soak fuzz lint openapi tools browser clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  settings: DIR=$(DIR) PEOPLE=$(PEOPLE) (run), FUZZ=$(FUZZ) (fuzz), SIZES=$(SIZES) (bench-growth), SOAK=flags of internal/soak"

run: ## the whole service on the embedded store under ./var, with a simulated county that sends
	@DIR=$(DIR) PEOPLE=$(PEOPLE) GO="$(GO)" sh ./cmd/dcr-sim/run.sh

test: lint ## everything that CI runs
	$(GO) build ./...
	$(GO) test -timeout 20m ./...
	@$(MAKE) --no-print-directory race

race: ## the tests of what runs concurrently, under the race detector (needs a C compiler)
	@if command -v $$($(GO) env CC) >/dev/null 2>&1; then \
		echo "$(GO) test -race -short (store, ledger, feeds, record, api)"; \
		$(GO) test -race -short ./internal/store/... ./internal/ledger ./internal/feeds/... ./internal/record ./internal/identity/... ./api; \
	else echo "race: skipped, there is no C compiler for the race detector"; fi

soak: ## 30 minutes of ten times the peak with a kill -9 every minute; SOAK="-time 2h" for more
	$(GO) run ./internal/soak $(SOAK)

bench-growth: ## cost of a request, opening and backup at 100, 1,000 and 10,000 people
	$(GO) run ./internal/bench -growth $(SIZES)

bench: ## speed over HTTP at 1, 16 and 64 connections, beside the ceiling of the same run; then the parts
	$(GO) run ./internal/bench
	$(GO) test -run '^$$' -bench . -benchtime 1s ./internal/fhir ./internal/store/... ./internal/ledger ./internal/access

fuzz: ## each fuzz target for FUZZ
	@for f in $$(grep -rln --include='*_test.go' '^func Fuzz' .); do \
		for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
			echo "$$t in $$(dirname $$f)"; \
			$(GO) test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZ) $$(dirname $$f) || exit 1; \
		done; \
	done

lint: ## formatting and the pinned linter
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	$(LINT) run ./...

openapi: ## docs/openapi from the annotations of the routes
	$(GO) generate ./api

browser: ## Chromium (Debian's, as root) and axe-core for the tests of the web pages, which are skipped without them
	@command -v chromium >/dev/null 2>&1 || [ -n "$$CHROMIUM" ] || { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
	@[ -s var/axe.min.js ] || $(GO) run ./citizen/web/vendored axe

tools: ## fetch and build the pinned tools now, so that later runs are quick
	$(LINT) version
	$(SWAG) --version
	@$(MAKE) --no-print-directory browser || echo "browser: not installed (that needs Debian and root): the tests of the web pages in a browser are skipped"

clean: ## remove what make run made
	rm -rf $(DIR)
