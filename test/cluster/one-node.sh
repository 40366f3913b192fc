#!/bin/bash
# test/cluster/one-node.sh [make's target, e2e]: the cluster tests without Docker, on a node that lives only for them. Scripts that start a
# one-node cluster (build.sh, up.sh, down.sh, base-images.sh, build-image.sh, load-image.sh) do the work; where there are none, or
# where this machine cannot run them, one line says so and the exit code is 3.
#   ONE_NODE        the folder of those scripts (../shared/cluster, seen from the checkout)
#   ONE_NODE_LIMIT  seconds until everything is broken off (2100)
set -euo pipefail
cd "$(dirname "$0")/../.."
export ONE_NODE=${ONE_NODE:-../shared/cluster}

# Each line of the output says how long it all has taken.
say() { printf -- '── one-node cluster, %d s: %s\n' "$(($(date +%s) - ${ONE_NODE_STARTED:-$(date +%s)}))" "$*"; }

missing() { # prints why no node can run here, or nothing
  local program
  for program in build up down base-images build-image load-image; do
    [ -x "$ONE_NODE/$program.sh" ] || { echo "there is no $ONE_NODE/$program.sh (ONE_NODE names the folder of such scripts)"; return; }
  done
  [ "$(uname -sm)" = "Linux x86_64" ] || { echo "it needs Linux on x86-64"; return; }
  [ "$(id -u)" = 0 ] || { echo "it needs root"; return; }
  for program in go npm apt-get dpkg-query unshare nsenter timeout; do
    command -v "$program" >/dev/null || { echo "$program is not on the PATH"; return; }
  done
  unshare --net --mount --pid --uts --ipc --fork --mount-proc mount -t tmpfs tmpfs /run 2>/dev/null ||
    echo "namespaces with mounts of their own are not allowed here"
}

# A developer's node keeps its network.
free_prefix() {
  local number
  for number in {80..99}; do
    [ -e "/sys/class/net/k8s10$number" ] || { echo "10.$number"; return; }
  done
  echo "error: all networks from 10.80 to 10.99 are taken" >&2
  return 1
}

if [ -z "${ONE_NODE_INSIDE:-}" ]; then
  reason=$(missing)
  if [ -n "$reason" ]; then
    echo "no one-node cluster: $reason"
    exit 3
  fi
  ONE_NODE=$(realpath "$ONE_NODE")
  CLUSTER_CACHE=${CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/local-cluster}
  ONE_NODE_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/strw-node.XXXXXX")
  CLUSTER_STATE=$ONE_NODE_FOLDER/state
  CLUSTER_PREFIX=$(free_prefix)
  ONE_NODE_STARTED=$(date +%s)
  export ONE_NODE_FOLDER CLUSTER_CACHE CLUSTER_STATE CLUSTER_PREFIX ONE_NODE_STARTED ONE_NODE_INSIDE=yes
  work=
  clean() {
    trap '' INT TERM HUP
    if [ -n "$work" ]; then
      kill -TERM "$work" 2>/dev/null || true
      wait "$work" || true
    fi
    say "taking the node down"
    "$ONE_NODE/down.sh" || true
    rm -rf --one-file-system "$ONE_NODE_FOLDER"
    say "ended"
  }
  trap clean EXIT
  trap 'exit 130' INT TERM HUP
  # In the background, so that a signal is heard at once and not after it.
  timeout --kill-after=30 "${ONE_NODE_LIMIT:-2100}" test/cluster/one-node.sh "$@" &
  work=$!
  status=0
  wait "$work" || status=$?
  work=
  [ "$status" != 124 ] || say "broken off after ${ONE_NODE_LIMIT:-2100} s"
  exit "$status"
fi

say "programs of the node (minutes the first time)"
"$ONE_NODE/build.sh" node
say "base images"
"$ONE_NODE/base-images.sh"
say "the project's images"
export IMAGE_BUILDER=$ONE_NODE/build-image.sh
archives=$(images/build.sh 2>"$ONE_NODE_FOLDER/images.log") || { tail -n 60 "$ONE_NODE_FOLDER/images.log"; exit 1; }
grep -E '^[0-9:]{8} ' "$ONE_NODE_FOLDER/images.log" || true
say "starting the node"
kubeconfig=$("$ONE_NODE/up.sh" node | tail -n 1)
say "loading the images"
xargs "$ONE_NODE/load-image.sh" <<<"$archives" >"$ONE_NODE_FOLDER/load.log" 2>&1 || { cat "$ONE_NODE_FOLDER/load.log"; exit 1; }
say "tests"
PATH=$CLUSTER_CACHE/bin:$PATH make "${1:-e2e}" KUBECONFIG="$kubeconfig"
