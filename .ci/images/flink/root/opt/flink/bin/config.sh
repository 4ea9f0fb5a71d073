# What Flink's start scripts share.
FLINK_HOME=${FLINK_HOME:-/opt/flink}
export FLINK_CONF_DIR=${FLINK_CONF_DIR:-$FLINK_HOME/conf}
export FLINK_PLUGINS_DIR=$FLINK_HOME/plugins
export FLINK_LIB_DIR=$FLINK_HOME/lib
FLINK_LOG_DIR=${FLINK_LOG_DIR:-$FLINK_HOME/log}

class_path() {
  find "$FLINK_LIB_DIR" -name '*.jar' | sort | paste -sd:
}

# Flink's own class for scripts; its results come behind a marker.
java_utils() {
  java -XX:TieredStopAtLevel=1 -cp "$(class_path)" org.apache.flink.runtime.util.bash.BashJavaUtils "$@" \
    | sed -n 's/^BASH_JAVA_UTILS_EXEC_RESULT://p'
}

# Writes -Dkey=value options into conf/config.yaml.
update_configuration() {
  local written
  written=$(java_utils UPDATE_AND_GET_FLINK_CONFIGURATION --configDir "$FLINK_CONF_DIR" "$@")
  [ -n "$written" ] || { echo "config.yaml could not be written" >&2; exit 1; }
  printf '%s\n' "$written" > "$FLINK_CONF_DIR/config.yaml"
}

# setting KEY: its value in conf/config.yaml, or nothing.
setting() {
  java_utils UPDATE_AND_GET_FLINK_CONFIGURATION --configDir "$FLINK_CONF_DIR" -flatten \
    | sed -n "s/^$1: *//p" | sed "s/^[\"']//; s/[\"']\$//"
}

# start KIND MAIN-CLASS RESOURCES [ARGUMENT...]: becomes the process, with the memory that the configuration gives it.
start() {
  local kind=$1 main=$2 resources=$3
  shift 3
  local parameters jvm dynamic log
  parameters=$(java_utils "$resources" --configDir "$FLINK_CONF_DIR")
  jvm=$(sed -n 1p <<< "$parameters")
  dynamic=$(sed -n 2p <<< "$parameters")
  log="$FLINK_LOG_DIR/flink--$kind-$(hostname)"
  # The options are lists of words.
  # shellcheck disable=SC2046,SC2086
  exec java $jvm -XX:+IgnoreUnrecognizedVMOptions $(setting env.java.default-opts.all) $(setting env.java.opts.all) \
    $(setting "env.java.opts.$kind") ${JVM_ARGS:-} \
    -Dlog.file="$log.log" -Dlog4j.configurationFile="file:$FLINK_CONF_DIR/log4j-console.properties" \
    -cp "$(class_path)" "$main" --configDir "$FLINK_CONF_DIR" "$@" $dynamic
}
