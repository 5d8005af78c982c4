#!/usr/bin/env bash
# Run the broker of one node in its container: the same properties as beside `make run`, with the names of the network.
set -euo pipefail
properties=/tmp/server.properties
cat conf/broker.properties - >"$properties" <<PLACE
controller.quorum.voters=1@127.0.0.1:9093
listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093
advertised.listeners=PLAINTEXT://broker:9092
log.dirs=/var/lib/tayho/broker
PLACE
java=(java -Xms512m -Xmx1g -XX:+UseG1GC -cp '/opt/tayho/jars/broker/*')
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t "$KAFKA_CLUSTER_ID" -c "$properties"
exec "${java[@]}" kafka.Kafka "$properties"
