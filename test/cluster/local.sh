#!/bin/bash
# The cluster tests on a cluster of your own, for example one that kind made. Its nodes must have the images already:
#   images/build.sh $IMAGES $TAG
#   kind load docker-image $IMAGES/{operator,generator,pg-trickle-engine,pg-trickle-postgres}:$TAG
# Environment:
#   STRW_CLUSTER_KUBECONFIG  kubeconfig of a cluster administrator (required; KUBECONFIG is not used, so that no cluster is
#                            used by accident: the tests install and remove the CustomResourceDefinition)
#   STRW_CLUSTER_IMAGES      registry and folder of the images (streamtable-rewind)
#   STRW_CLUSTER_TAG         their tag (the version in package.json)
#   STRW_KUBECTL, STRW_HELM  programs (kubectl, helm on the PATH)
# Arguments name tiers, cluster (this one if there are none) and cluster-full, or go to vitest, such as the path of one test file.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/node_modules/.bin:$PATH
case ${1:-cluster} in
cluster | cluster-full) exec node test/run/main.ts "${@:-cluster}" ;;
*) exec vitest run --project cluster --project cluster-full "$@" ;;
esac
