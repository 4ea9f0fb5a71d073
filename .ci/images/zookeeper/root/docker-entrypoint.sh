#!/usr/bin/env bash
# Writes /conf/zoo.cfg from ZOO_* unless one is mounted, and starts the server as user zookeeper.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  chown -R zookeeper:zookeeper /data /datalog /logs /conf
  exec setpriv --reuid=zookeeper --regid=zookeeper --init-groups "$0" "$@"
fi
if [ "${1:-}" != zkServer.sh ]; then
  exec "$@"
fi
if [ ! -f /conf/zoo.cfg ]; then
  {
    echo dataDir=/data
    echo dataLogDir=/datalog
    echo "tickTime=${ZOO_TICK_TIME:-2000}"
    echo "initLimit=${ZOO_INIT_LIMIT:-5}"
    echo "syncLimit=${ZOO_SYNC_LIMIT:-2}"
    echo "autopurge.snapRetainCount=${ZOO_AUTOPURGE_SNAPRETAINCOUNT:-3}"
    echo "autopurge.purgeInterval=${ZOO_AUTOPURGE_PURGEINTERVAL:-0}"
    echo "maxClientCnxns=${ZOO_MAX_CLIENT_CNXNS:-60}"
    echo "standaloneEnabled=${ZOO_STANDALONE_ENABLED:-true}"
    echo admin.enableServer=false
    echo "4lw.commands.whitelist=${ZOO_4LW_COMMANDS_WHITELIST:-srvr}"
    echo clientPort=2181
    printf '%s\n' ${ZOO_SERVERS:-}
  } > /conf/zoo.cfg
fi
[ -f /data/myid ] || echo "${ZOO_MY_ID:-1}" > /data/myid
# The variables are lists of words.
# shellcheck disable=SC2086
exec java ${JVMFLAGS:--Xmx256m} -XX:+UseSerialGC -cp '/conf:/apache-zookeeper/lib/*' \
  org.apache.zookeeper.server.quorum.QuorumPeerMain /conf/zoo.cfg
