#!/usr/bin/env bash
set -euo pipefail
. "${FLINK_HOME:-/opt/flink}/bin/config.sh"
[ "${1:-}" = start-foreground ] && shift
start jobmanager org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint GET_JM_RESOURCE_PARAMS --executionMode cluster "$@"
