#!/usr/bin/env bash
set -euo pipefail
. "${FLINK_HOME:-/opt/flink}/bin/config.sh"
[ "${1:-}" = start-foreground ] && shift
start taskmanager org.apache.flink.runtime.taskexecutor.TaskManagerRunner GET_TM_RESOURCE_PARAMS "$@"
