#!/usr/bin/env bash
# The gateway against nginx, haproxy and caddy (Debian's), each with one worker and no access log, in front of the same
# nginx as upstream: 1 KB and 1 MB answers over 64 kept connections. Rounds are interleaved, so that a busy machine
# troubles all alike; medians and ratios are printed as a Markdown table.
#
#   bench/gateway/run.sh [PERCH_GATEWAY]     ROUNDS=5 SECONDS_EACH=4 CONNECTIONS=64
set -euo pipefail

gateway=${1:-$(dirname "$0")/../../build/bench/bench/gateway/perch_gateway}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-4}
connections=${CONNECTIONS:-64}
[[ -x $gateway ]] || { echo "no program $gateway: cmake --preset bench && ninja -C build/bench perch_gateway_bench" >&2; exit 2; }
for tool in nginx haproxy caddy wrk; do
  command -v "$tool" > /dev/null || { echo "no $tool: apt-get install nginx-light haproxy caddy wrk" >&2; exit 2; }
done

work=$(mktemp -d /tmp/perch-bench-gateway.XXXXXX)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap finish EXIT
chmod 755 "$work"
mkdir "$work/www"
head -c 1024 /dev/urandom > "$work/www/1k"
head -c 1048576 /dev/urandom > "$work/www/1m"

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
upstream=$(free_port) perch=$(free_port) haproxy=$(free_port) nginx=$(free_port) caddy=$(free_port)

# "master_process off": one process, whose memory is the whole memory.
cat > "$work/upstream.conf" << END
master_process off; daemon off; pid $work/upstream.pid; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
  server { listen 127.0.0.1:$upstream; root $work/www; } }
END
cat > "$work/nginx.conf" << END
master_process off; daemon off; pid $work/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000;
  upstream app { server 127.0.0.1:$upstream; keepalive 256; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:$nginx;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host \$http_host; proxy_set_header X-Forwarded-For \$remote_addr;
      proxy_set_header X-Forwarded-Proto \$scheme; add_header X-Robots-Tag noindex; } } }
END
cat > "$work/haproxy.cfg" << END
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend links
  bind 127.0.0.1:$haproxy
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-response set-header X-Robots-Tag noindex
  default_backend app
backend app
  server one 127.0.0.1:$upstream
END
cat > "$work/Caddyfile" << END
{
  admin off
  auto_https off
}
http://127.0.0.1:$caddy {
  header X-Robots-Tag noindex
  reverse_proxy 127.0.0.1:$upstream {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
END

declare -A pid port
start() { # NAME PORT COMMAND...
  local name=$1; port[$name]=$2; shift 2
  "$@" > "$work/$name.log" 2>&1 &
  pid[$name]=$!
  pids+=($!)
}
start upstream "$upstream" nginx -c "$work/upstream.conf"
start perch "$perch" "$gateway" "127.0.0.1:$perch" "$upstream" 1
start haproxy "$haproxy" haproxy -db -f "$work/haproxy.cfg"
start nginx "$nginx" nginx -c "$work/nginx.conf"
start caddy "$caddy" env GOMAXPROCS=1 XDG_DATA_HOME="$work" XDG_CONFIG_HOME="$work" caddy run --config "$work/Caddyfile" --adapter caddyfile
names=(perch haproxy nginx caddy)
for name in upstream "${names[@]}"; do
  for _ in $(seq 100); do
    curl -s -o /dev/null "http://127.0.0.1:${port[$name]}/1k" && break
    sleep 0.1
  done
  [[ $(curl -s "http://127.0.0.1:${port[$name]}/1m" | cmp - "$work/www/1m" && echo same) == same ]] ||
    { echo "$name does not answer:" >&2; cat "$work/$name.log" >&2; exit 1; }
done

cpu_ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
measure() { # NAME FILE: "requests/s  microseconds of processor per request"
  local before after out
  before=$(cpu_ticks "${pid[$1]}")
  out=$(wrk -t1 -c"$connections" -d"${seconds}s" "http://127.0.0.1:${port[$1]}/$2")
  after=$(cpu_ticks "${pid[$1]}")
  if grep -qE 'Non-2xx|Socket errors' <<< "$out"; then echo "$1 $2 had errors: $out" >&2; exit 1; fi
  awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" '
    /requests in/ {n = $1} /Requests\/sec/ {rate = $2} END {printf "%.0f %.1f\n", rate, ticks * 1e6 / hz / n}' <<< "$out"
}
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

for file in 1k 1m; do
  for ((round = 0; round < rounds; round++)); do
    for name in "${names[@]}"; do
      measure "$name" "$file" >> "$work/$name.$file"
    done
  done
  for name in "${names[@]}"; do awk '/VmHWM/ {printf "%.1f\n", $2 / 1024}' "/proc/${pid[$name]}/status" > "$work/$name.$file.rss"; done
done

echo "$(date -u +%F), $(nproc) processors ($(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo)), Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg);"
echo "$rounds interleaved rounds of $seconds s, $connections connections, medians:"
echo
echo "| answers | proxy | requests/s | to perch | CPU µs/request | peak memory MiB |"
echo "|---|---|---:|---:|---:|---:|"
for file in 1k 1m; do
  for name in "${names[@]}"; do
    rate=$(cut -d' ' -f1 "$work/$name.$file" | median)
    cost=$(cut -d' ' -f2 "$work/$name.$file" | median)
    # A ratio for each round, then their median: a noisy moment counts once.
    ratio=$(paste -d' ' "$work/perch.$file" "$work/$name.$file" | awk '{print $1 / $3}' | median)
    printf '| %s | %s | %.0f | perch is %.2f × | %.1f | %s |\n' "$file" "$name" "$rate" "$ratio" "$cost" "$(cat "$work/$name.$file.rss")"
  done
done
