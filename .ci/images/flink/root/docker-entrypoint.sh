#!/usr/bin/env bash
# As the official image's: FLINK_PROPERTIES goes into conf/config.yaml line by line and without white space, then the process starts as user flink.
set -euo pipefail

if [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid=flink --regid=flink --init-groups "$0" "$@"
fi
if [ "${DISABLE_JEMALLOC:-false}" != true ]; then
  export LD_PRELOAD="${LD_PRELOAD:-}:/usr/lib/$(uname -m)-linux-gnu/libjemalloc.so.2"
fi
export HOME=$FLINK_HOME
. "$FLINK_HOME/bin/config.sh"

for plugin in $(tr ';' ' ' <<< "${ENABLE_BUILT_IN_PLUGINS:-}"); do
  mkdir -p "$FLINK_HOME/plugins/${plugin%.jar}"
  ln -fs "$FLINK_HOME/opt/$plugin" "$FLINK_HOME/plugins/${plugin%.jar}"
done

options=(
  "-Djobmanager.rpc.address=${JOB_MANAGER_RPC_ADDRESS:-$(hostname -f)}"
  -Dblob.server.port=6124
  -Dquery.server.port=6125
)
if [ -n "${TASK_MANAGER_NUMBER_OF_TASK_SLOTS:-}" ]; then
  options+=("-Dtaskmanager.numberOfTaskSlots=$TASK_MANAGER_NUMBER_OF_TASK_SLOTS")
fi
while IFS= read -r property; do
  property=$(tr -d '[:space:]' <<< "$property")
  [ -z "$property" ] && continue
  options+=("-D${property%%:*}=$(envsubst <<< "${property#*:}")")
done <<< "${FLINK_PROPERTIES:-}"
case "${1:-}" in
  jobmanager | taskmanager | standalone-job) update_configuration "${options[@]}" ;;
esac

case "${1:-}" in
  help)
    echo "Usage: $(basename "$0") (jobmanager|standalone-job|taskmanager|help)"
    ;;
  jobmanager) exec "$FLINK_HOME/bin/jobmanager.sh" start-foreground "${@:2}" ;;
  standalone-job) exec "$FLINK_HOME/bin/standalone-job.sh" start-foreground "${@:2}" ;;
  taskmanager) exec "$FLINK_HOME/bin/taskmanager.sh" start-foreground "${@:2}" ;;
  *) exec "$@" ;;
esac
