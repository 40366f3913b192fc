#!/bin/bash
# images/build.sh [PREFIX [TAG]]: builds all images as PREFIX/<name>:TAG (streamtable-rewind, the chart's version).
# IMAGE_BUILDER, a command that takes TAG CONTEXT DOCKERFILE and options such as `--target engine` and `--build-arg VERSION=…`, builds in place of Docker.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${1:-streamtable-rewind}
tag=${2:-$(sed -n 's/^appVersion: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' helm/streamtable-rewind/Chart.yaml)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

build() { # NAME FOLDER [OPTIONS...]
  local image=$prefix/$1:$tag file=images/$2/Dockerfile
  shift 2
  set -- --build-arg "VERSION=$tag" --build-arg "REVISION=$revision" "$@"
  if [ -n "${IMAGE_BUILDER:-}" ]; then
    "$IMAGE_BUILDER" "$image" . "$file" "$@"
  else
    docker build --tag "$image" --file "$file" "$@" .
  fi
}

build operator operator
build generator generator
build pg-trickle-postgres pg-trickle --target postgres
build pg-trickle-extension pg-trickle --target extension
build pg-trickle-engine pg-trickle --target engine
