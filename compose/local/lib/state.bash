# shellcheck shell=bash
# The state folder: where it lies, which ports it uses, its passwords, and the env file. Sets S, port[…], secret[…].

declare -gA port=() secret=()

# Ports of a stack lie in one block, below those that the kernel hands out for outgoing connections.
first_base=20000
last_base=31400
passive_ports=400

in_reach() {
    local user
    for user in "$service_user" "$postgres_user"; do
        run_as "$user" test -x "$1" || return 1
    done
}

# Finds or makes the state folder. Started by root, the servers run as other users: where these cannot get to the
# folder (a checkout below /root), it becomes a link to one that they can reach.
prepare_state() {
    local place
    [ -L "$STATE" ] && [ ! -e "$STATE" ] && rm -f "$STATE"
    if [ ! -e "$STATE" ]; then
        place=$(dirname "$STATE")
        mkdir -p "$place" || fail "cannot make $place"
        if is_root && ! in_reach "$place"; then
            if ! place=$(mktemp -d /var/tmp/sluice.XXXXXXXX) || ! ln -s "$place" "$STATE"; then fail "cannot make $STATE"; fi
            chmod 755 "$place"
            say "$service_user cannot enter $(dirname "$STATE"): the state lies in $place, and $STATE is a link to it"
        else
            mkdir "$STATE" || fail "cannot make $STATE"
        fi
    fi
    S=$(realpath "$STATE")
    [[ $S =~ ^[A-Za-z0-9/._+@=-]+$ ]] || fail "$S: the servers' configurations allow only letters, digits and ._+@=- in the path; choose another STATE"
    [ -w "$S" ] || fail "$S belongs to $(stat -c %U "$S") and cannot be written; choose another STATE, or remove it"
    if is_root && ! in_reach "$S"; then
        fail "$service_user or $postgres_user cannot enter $S; choose another place (STATE=/var/tmp/sluice) or remove it: a new one is put where they can reach it"
    fi
    mkdir -p "$S/pids" "$S/logs" "$S/etc" "$S/etc/empty" "$S/redis" "$S/ftp" "$S/mail" "$S/staging" "$S/nginx" "$S/bin"
    chmod 555 "$S/etc/empty"
    chmod 750 "$S/redis" "$S/ftp" "$S/mail" "$S/staging" "$S/nginx"
    if is_root; then chown "$service_user:" "$S/redis" "$S/ftp" "$S/mail" "$S/staging" "$S/nginx"; fi
}

# Only finds it: for every command but `up`.
find_state() {
    S=$(realpath -e "$STATE" 2>/dev/null) || return 1
    [ -d "$S/pids" ]
}

# is_free PORT: whether it could be listened on now
is_free() {
    /usr/bin/python3 - "$@" <<'END'
import socket, sys
with socket.socket() as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
END
}

# claim BASE: whether its block is free. Until release_ports no other stack gets it: a port of the block that no server uses is
# listened on meanwhile, since another that starts in the same moment finds those of the servers free as well.
claim() {
    local answer
    exec 8< <(exec /usr/bin/python3 -c '
import select, signal, socket, sys
# Ctrl-C goes to all of a terminal; who is interrupted ends its servers first.
signal.signal(signal.SIGINT, signal.SIG_IGN)
base = int(sys.argv[1])
try:
    sign = socket.create_server(("127.0.0.1", base + 8))
    for number in [*range(base, base + 8), *range(base + 9, base + 12)]:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", number))
except OSError:
    sys.exit(1)
print("free", flush=True)
# Until nobody can read any more.
end = select.poll()
end.register(1, 0)
end.poll()
' "$1")
    read -r answer <&8 && [ "$answer" = free ]
}

release_ports() { exec 8<&-; }

holder() { # the process that listens on a port, for a message
    ss -ltnpH "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ (\1, process \2)/p' | head -n 1
}

# set_ports FRONT BASE. worker-1 … worker-90 have their probes behind that of worker; web-1 … web-9 all behind the passive ports.
set_ports() {
    port=([front]=$1 [base]=$2 [postgres]=$2 [redis]=$(($2 + 1)) [ftp]=$(($2 + 2)) [mail]=$(($2 + 3)) [web]=$(($2 + 4))
        [web_probe]=$(($2 + 5)) [front_h2]=$(($2 + 7)) [worker_probe]=$(($2 + 9)) [passive_first]=$(($2 + 100)) [passive_last]=$(($2 + 99 + passive_ports))
        [more_webs]=$(($2 + 100 + passive_ports)) [more_probes]=$(($2 + 110 + passive_ports)))
}

load_ports() {
    local name number
    [ -e "$S/ports" ] || return 1
    while IFS='=' read -r name number; do port[$name]=$number; done <"$S/ports"
}

any_alive() {
    local file
    for file in "$S"/pids/*.pid; do
        [ -e "$file" ] && alive "$(basename "$file" .pid)" >/dev/null && return 0
    done
    return 1
}

# Keeps the ports of the last time while they are free. PORT is the front door's: a number, or 0 for a free one.
choose_ports() {
    local front=${PORT:-} base try
    if any_alive; then
        load_ports || fail "$S has processes but no $S/ports; end them first: $0 down"
        [ -z "$front" ] || [ "$front" = 0 ] || [ "$front" = "${port[front]}" ] ||
            fail "this stack already runs with its front door on port ${port[front]}; end it first (down), or choose another STATE"
        return 0
    fi
    load_ports || true
    : "${front:=${port[front]:-8080}}"
    if [[ ! $front =~ ^[0-9]{1,5}$ ]] || [ "$front" -gt 65535 ]; then fail "PORT=$front is not a port number"; fi
    base=${port[base]:-}
    if [ -z "$base" ] || ! claim "$base"; then
        for try in $(seq 50); do
            base=$((first_base + (RANDOM * 32768 + RANDOM) % ((last_base - first_base) / 20) * 20))
            claim "$base" && break
            [ "$try" = 50 ] && fail "no free ports between $first_base and $last_base"
        done
    fi
    if [ "$front" = 0 ]; then
        front=$((base + 6))
    elif ! is_free "$front"; then
        fail "port $front is taken$(holder "$front"); choose another front door: PORT=$((front + 1)), or PORT=0 for any free one"
    fi
    set_ports "$front" "$base"
    for try in "${!port[@]}"; do echo "$try=${port[$try]}"; done | sort >"$S/ports"
}

# Random passwords and the key of signing in, each made once, also in a state folder from before there was one of them: there
# are no default ones.
load_secrets() {
    local file=$S/etc/secrets name value bytes
    if [ -e "$file" ]; then
        while IFS='=' read -r name value; do secret[$name]=$value; done <"$file"
    fi
    for name in postgres sluice ftp sign_in; do
        [ -z "${secret[$name]:-}" ] || continue
        bytes=16
        [ "$name" != sign_in ] || bytes=32
        secret[$name]=$(od -An -v -w64 -N$bytes -tx1 /dev/urandom | tr -d ' \n')
        (umask 077 && echo "$name=${secret[$name]}" >>"$file")
    done
}

# The configuration of all three programs, as a shell reads it.
write_env() {
    local name
    local -A value=(
        [SLUICE_DATABASE_URL]="postgres://sluice:${secret[sluice]}@127.0.0.1:${port[postgres]}/sluice"
        [SLUICE_REDIS_URL]="redis://127.0.0.1:${port[redis]}"
        [SLUICE_FTP_URL]="ftp://ftp:${secret[ftp]}@127.0.0.1:${port[ftp]}"
        [SLUICE_SMTP_URL]="smtp://127.0.0.1:${port[mail]}?starttls=off"
        [SLUICE_MAIL_SENDER]="sluice@localhost"
        [SLUICE_PUBLIC_ADDRESS]="http://127.0.0.1:${port[front]}"
        [SLUICE_SIGN_IN_KEY]="${secret[sign_in]}"
        [SLUICE_TRUSTED_PROXIES]=1
        [SLUICE_DEMO]="${SLUICE_DEMO:-0}"
        [SLUICE_STAGING]="$S/staging"
        [SLUICE_LISTEN]="127.0.0.1:${port[web]}"
        [SLUICE_WEB_PROBE]="127.0.0.1:${port[web_probe]}"
        [SLUICE_WORKER_PROBE]="127.0.0.1:${port[worker_probe]}"
        [SLUICE_ACCEL_PREFIX]="/_stored/"
    )
    (
        umask 077
        {
            echo "# Written by $here/stack at each start. Use: . $STATE/env"
            echo "case :\$PATH: in *:${bin@Q}:*) ;; *) export PATH=${bin@Q}:\$PATH ;; esac"
            for name in $(printf '%s\n' "${!value[@]}" | sort); do echo "export $name=${value[$name]@Q}"; done
        } >"$S/env.new"
    )
    mv "$S/env.new" "$S/env"
}
