#!/bin/bash
# test/cluster/kind.sh up|down|test|test-full [KUBECONFIG]: a kind cluster with the chart and its demo; `test` runs the cluster
# tests on it (`test-full` the long ones too), or on the cluster of KUBECONFIG, whose nodes have the images. The kind cluster's own
# is .run/kind/kubeconfig, so that the current context of the user's kubectl stays what it is.
#   KIND_CLUSTER  its name (streamtable-rewind)
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${KIND_CLUSTER:-streamtable-rewind}
prefix=streamtable-rewind
tag=$(sed -n 's/^appVersion: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' helm/streamtable-rewind/Chart.yaml)
kubeconfig=$PWD/.run/kind/kubeconfig

die() { echo "error: $*" >&2; exit 1; }

need() { # PROGRAM WHERE-FROM
  command -v "$1" >/dev/null || die "$1 is not on the PATH. $2"
}

need_engine() {
  need docker "Install Docker Engine, or use make up, which needs no containers."
  docker info >/dev/null 2>&1 || die "docker cannot reach its engine. Start it, or use make up, which needs no containers."
  need kind "https://kind.sigs.k8s.io says how to install it."
}

case ${1:-} in
up)
  need_engine
  need helm "https://helm.sh says how to install it."
  need kubectl "https://kubernetes.io/docs/tasks/tools says how to install it."
  mkdir -p "$(dirname "$kubeconfig")"
  kind get clusters 2>/dev/null | grep -qx "$name" || kind create cluster --name "$name" --kubeconfig "$kubeconfig" --wait 120s
  kind export kubeconfig --name "$name" --kubeconfig "$kubeconfig"
  images/build.sh "$prefix" "$tag"
  kind load docker-image --name "$name" "$prefix"/{operator,generator,pg-trickle-engine,pg-trickle-postgres}:"$tag"
  helm --kubeconfig "$kubeconfig" upgrade --install demo helm/streamtable-rewind --namespace rewind --create-namespace \
    --wait --timeout 5m
  echo "The demo runs in namespace rewind: export KUBECONFIG=$kubeconfig"
  ;;
test | test-full)
  if [ -n "${2:-}" ]; then
    [ -r "$2" ] || die "there is no kubeconfig $2."
    kubeconfig=$2
  else
    [ -s "$kubeconfig" ] || die "there is no cluster: run make kind-up first, or make e2e KUBECONFIG=… with one that has the images."
    helm --kubeconfig "$kubeconfig" uninstall demo --namespace rewind --ignore-not-found --wait
  fi
  export STRW_CLUSTER_KUBECONFIG=$kubeconfig
  export STRW_CLUSTER_IMAGES=${STRW_CLUSTER_IMAGES:-$prefix} STRW_CLUSTER_TAG=${STRW_CLUSTER_TAG:-$tag}
  tiers=(cluster)
  [ "$1" = test ] || tiers+=(cluster-full)
  exec test/cluster/local.sh "${tiers[@]}"
  ;;
down)
  need_engine
  kind delete cluster --name "$name" --kubeconfig "$kubeconfig"
  rm -rf "$(dirname "$kubeconfig")"
  ;;
*)
  die "usage: test/cluster/kind.sh up|down|test|test-full [KUBECONFIG]"
  ;;
esac
