#!/bin/sh
# A server that starts at once and takes little memory, for tests with thousands of processes. Its
# tool `act` returns the process id; `hang` gets no answer.
answer() {
  printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"
}
act='{"name":"act","inputSchema":{"type":"object"}}'
hang='{"name":"hang","inputSchema":{"type":"object"}}'
info='"capabilities":{"tools":{}},"serverInfo":{"name":"tiny","version":"1"}'
while IFS= read -r line; do
  id=${line#*'"id":'}
  id=${id%%,*}
  case $line in
    *'"method":"server/discover"'*) answer '"error":{"code":-32601,"message":"Method not found"}' ;;
    *'"method":"initialize"'*) answer "\"result\":{\"protocolVersion\":\"2025-11-25\",$info}" ;;
    *'"method":"tools/list"'*) answer "\"result\":{\"tools\":[$act,$hang]}" ;;
    *'"method":"tools/call"'*'"name":"act"'*)
      answer "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"$$\"}]}" ;;
  esac
done
