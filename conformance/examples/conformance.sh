#!/bin/sh
# Starts your server, runs the suite on it, and keeps the reports. For any CI that runs a shell, and for your own machine:
# change the first three lines. The key, if the server wants one, is in the variable OPENAI_API_KEY.
SERVER="${SERVER:-my-server --port {port\}}"
MODEL="${MODEL:-my-model}"
REPORTS="${REPORTS:-conformance-report}"

baseline=""
if [ -f conformance-baseline.yaml ]; then baseline="--baseline conformance-baseline.yaml"; fi

# shellcheck disable=SC2086 # There may be no baseline at all.
exec npx --yes @clawgate/conformance@0.1.0 --start "$SERVER" --base-url "http://127.0.0.1:{port}/v1" --model "$MODEL" $baseline \
  --report "junit=$REPORTS/junit.xml" --report "html=$REPORTS/report.html" --report "json=$REPORTS/report.json"
