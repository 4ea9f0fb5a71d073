#!/usr/bin/env bash
# Heap, logging and options are given by the variables of Kafka's own script.
set -euo pipefail
logging=${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/etc/kafka/docker/tools-log4j2.yaml}
# The variables are lists of words.
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} -XX:+UseSerialGC -XX:TieredStopAtLevel=${KAFKA_TIER:-1} -Djava.awt.headless=true \
  -Dkafka.logs.dir=/opt/kafka/logs $logging ${KAFKA_OPTS:-} -cp '/opt/kafka/libs/*' "$@"
