# Every target works as the first thing that anybody types: what is missing is installed or built, once.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The npm package `node` brings a current Node.js for all recipes.
RUN := PATH="$(CURDIR)/node_modules/.bin:$$PATH"

.PHONY: help
help: ## Show this page
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install:
	@tools/install

.PHONY: demo
demo: install ## Play the incident and its rollback from end to end, checked
	@$(RUN) node demo/main.ts

.PHONY: picture
picture: install ## Draw the README's picture from a run of that incident
	@$(RUN) node demo/draw.ts

.PHONY: up
up: install ## Start the whole stack in the background and say how to reach it
	@$(RUN) node stack/main.ts up

.PHONY: down
down: install ## Stop that stack and remove it without trace
	@$(RUN) node stack/main.ts down

.PHONY: logs
logs: install ## Follow that stack's logs
	@$(RUN) node stack/main.ts logs

.PHONY: test
test: install ## Run all tests: pure, PostgreSQL and lake, Kubernetes API, the whole stack
	@$(RUN) node test/run/main.ts $(TIERS)

.PHONY: test-clients
test-clients: install ## Run the tests with lake clients in Python, which are installed in the cache once (python3 with pip)
	@$(RUN) node test/run/main.ts clients

.PHONY: test-queries
test-queries: install ## Run every query of docs/queries.md and their combinations; make test runs an eighth of them
	@$(RUN) env QUERY_SHAPES=all vitest run --project pg pg_trickle/extension/query-shapes.pg.test.ts

.PHONY: test-edges
test-edges: install ## Compare DuckDB's answers with PostgreSQL's over edge values of each type; EDGES=write renews the list of known differences
	@$(RUN) env EDGES="$${EDGES:-compare}" vitest run --project pg pg_trickle/lake/planner/gate/edge-proof.pg.test.ts

.PHONY: ci
ci: ## Everything that CI runs: checks, generated files, all tests
	@.ci/run

.PHONY: check
check: install ## Check types, style and dead code
	@$(RUN) tsc --noEmit
	@$(RUN) biome check .
	@$(RUN) knip

.PHONY: fix
fix: install ## Format the code and repair what can be repaired by itself
	@$(RUN) biome check --write .

GENERATED := crds $(addprefix helm/streamtable-rewind/,Chart.yaml files/crds values.schema.json README.md) \
	pg_trickle/extension/pg_trickle.control README.md docs/install.md docs/own-postgresql.md docs/queries.md docs/reference docs/sql.md

.PHONY: generate
generate: install ## Write the files that are generated from the sources
	@$(RUN) node operator/generate-crds.ts
	@$(RUN) node release/version.ts
	@$(RUN) node helm/generate.ts
	@$(RUN) node docs/generate/main.ts

.PHONY: verify
verify: generate ## Fail if a generated file differs from its source
	@git diff --exit-code -- $(GENERATED)
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); exit 1; }

.PHONY: images
images: ## Build the container images (Docker, or IMAGE_BUILDER)
	@images/build.sh

.PHONY: release
release: install verify ## Build what one installs from without a checkout into dist/; images where Docker or IMAGE_BUILDER is
	@$(RUN) node release/main.ts

.PHONY: kind-up
kind-up: ## Build and load the images, install the chart with its demo on a kind cluster
	@test/cluster/kind.sh up

# Only a KUBECONFIG given to make itself counts: the one of the user's shell is no cluster for tests.
.PHONY: e2e
e2e: install ## Run the cluster tests on that cluster, or on that of `make e2e KUBECONFIG=…`, which has the images
	@test/cluster/kind.sh test $(if $(filter command,$(origin KUBECONFIG)),$(KUBECONFIG))

.PHONY: e2e-full
e2e-full: install ## The same and the long ones: restore, a PostgreSQL of one's own, what a cluster's administrators do
	@test/cluster/kind.sh test-full $(if $(filter command,$(origin KUBECONFIG)),$(KUBECONFIG))

.PHONY: kind-down
kind-down: ## Delete that cluster
	@test/cluster/kind.sh down

# Variables: SEED, STEPS, MINUTES, HISTORIES, CLIENTS, DELTA, MAINTENANCE, PROVOKE, SCRIPT, SHRINK (docs/testing.md).
.PHONY: fuzz
fuzz: export SEED STEPS MINUTES HISTORIES CLIENTS DELTA MAINTENANCE PROVOKE SCRIPT SHRINK
fuzz: install ## Play random histories of several clients against a model, for an hour or MINUTES=…
	@$(RUN) node test/fuzz/main.ts

.PHONY: bench
bench: install ## Measure, and write docs/benchmarks.md
	@$(RUN) node bench/main.ts
