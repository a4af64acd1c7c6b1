# shellcheck shell=bash
# How each process is started. Every start_NAME returns when the process answers, or false with a message.

servers=(postgres redis ftp mail nginx)

# Configurations are copied: the servers' users may not be able to read a checkout in somebody's home.
install_configuration() { # install_configuration FILE OWNER
    local copy
    copy=$S/etc/$(basename "$1")
    install -m 600 "$compose/$1" "$copy.new" && own "$2" "$copy.new" && mv "$copy.new" "$copy"
}

postgres_tools() {
    local -a found=(/usr/lib/postgresql/*/bin)
    echo "${found[-1]}"
}

make_cluster() {
    local tools=$1
    rm -rf "$S/postgres.new"
    mkdir -m 700 "$S/postgres.new"
    (umask 077 && echo "${secret[postgres]}" >"$S/etc/postgres-password")
    own "$postgres_user" "$S/postgres.new" "$S/etc/postgres-password"
    (cd "$S" && run_as "$postgres_user" "$tools/initdb" -D "$S/postgres.new" -U postgres --pwfile="$S/etc/postgres-password" \
        -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --data-checksums) >"$S/logs/initdb.log" 2>&1 9>&- ||
        { say "initdb failed:" && tail -n 15 "$S/logs/initdb.log" >&2 && return 1; }
    rm -f "$S/etc/postgres-password"
    mv "$S/postgres.new" "$S/postgres"
}

# Postgres takes the lock file of a killed postmaster for a living one's as long as nobody has collected the dead process,
# which in a container without init is for ever.
forget_dead_postmaster() {
    local file=$S/postgres/postmaster.pid pid
    if { read -r pid <"$file"; } 2>/dev/null && ! born "$pid" >/dev/null; then rm -f "$file"; fi
}

sql() { # sql USER DATABASE: statements from standard input
    PGPASSWORD=${secret[$1]} PGCONNECT_TIMEOUT=5 "$(postgres_tools)/psql" -XqAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${port[postgres]}" -U "$1" -d "$2"
}

start_postgres() {
    local tools
    tools=$(postgres_tools)
    [ -x "$tools/postgres" ] || { say "there is no PostgreSQL below /usr/lib/postgresql: make packages" && return 1; }
    [ -e "$S/postgres/PG_VERSION" ] || make_cluster "$tools" || return 1
    install_configuration postgres/postgresql.conf "$postgres_user" || return 1
    forget_dead_postmaster
    launch postgres "$postgres_user" "$tools/postgres" -D "$S/postgres" -c "config_file=$S/etc/postgresql.conf" \
        -c listen_addresses=127.0.0.1 -c "port=${port[postgres]}" -c unix_socket_directories=
    await postgres 60 "$tools/pg_isready" -q -h 127.0.0.1 -p "${port[postgres]}" || return 1
    [ -e "$S/etc/database-made" ] && return 0
    # The program's own role owns its database and nothing else; a start that was interrupted here is simply repeated.
    sql postgres postgres <<SQL || { say "cannot make the database" && return 1; }
SELECT 'CREATE ROLE sluice' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sluice') \gexec
ALTER ROLE sluice LOGIN CREATEDB PASSWORD '${secret[sluice]}';
SELECT 'CREATE DATABASE sluice OWNER sluice' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sluice') \gexec
SQL
    touch "$S/etc/database-made"
}

start_redis() {
    install_configuration redis/redis.conf "$service_user" || return 1
    launch redis "$service_user" redis-server "$S/etc/redis.conf" --bind 127.0.0.1 --port "${port[redis]}" --dir "$S/redis"
    await redis 60 redis_answers
}
redis_answers() { [ "$(redis-cli -h 127.0.0.1 -p "${port[redis]}" ping 2>/dev/null)" = PONG ]; }

start_ftp() {
    local etc=$S/etc
    if [ ! -e "$etc/ftp.crt" ]; then
        (umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$etc/ftp.key" -out "$etc/ftp.crt.new") 2>"$S/logs/openssl.log" ||
            { say "openssl made no certificate:" && cat "$S/logs/openssl.log" >&2 && return 1; }
        chmod 644 "$etc/ftp.crt.new"
        mv "$etc/ftp.crt.new" "$etc/ftp.crt"
    fi
    (umask 077 && echo "${secret[ftp]}" >"$etc/ftp-passwords")
    own "$service_user" "$etc/ftp.key" "$etc/ftp-passwords"
    install_configuration ftp/vsftpd.conf "$service_user" || return 1
    launch ftp "$service_user" vsftpd "$etc/vsftpd.conf" -olisten_address=127.0.0.1 "-olisten_port=${port[ftp]}" \
        "-oftp_username=$service_user" "-onopriv_user=$service_user" "-oanon_root=$S/ftp" "-oemail_password_file=$etc/ftp-passwords" \
        "-osecure_chroot_dir=$etc/empty" "-opasv_min_port=${port[passive_first]}" "-opasv_max_port=${port[passive_last]}" \
        "-orsa_cert_file=$etc/ftp.crt" "-orsa_private_key_file=$etc/ftp.key"
    await ftp 30 port_answers "${port[ftp]}"
}

start_mail() {
    install -m 644 "$compose/mail/sink.py" "$S/etc/sink.py" || return 1
    # The system's Python is the one that python3-aiosmtpd is installed for.
    launch mail "$service_user" /usr/bin/python3 -B "$S/etc/sink.py" 127.0.0.1 "${port[mail]}" "$S/mail"
    await mail 30 port_answers "${port[mail]}"
}

web_port() { numbered "$1" "${port[web]}" "${port[more_webs]}"; }
web_probe() { numbered "$1" "${port[web_probe]}" "${port[more_probes]}"; }
numbered() { if [ "$1" = web ]; then echo "$2"; else echo $(($3 + ${1#web-})); fi; }

# write_front [WITHOUT]: nginx's configuration, with all Webs that run, crashed ones included: they come back.
write_front() {
    local name webs=
    for name in web web-{1..9}; do
        [ "$name" != "${1:-}" ] && recorded "$name" && webs+=" server 127.0.0.1:$(web_port "$name") max_fails=0;"
    done
    sed -e "s|\${SLUICE_FRONT_LISTEN}|127.0.0.1:${port[front]}|" -e "s|\${SLUICE_FRONT_HTTP2}|listen 127.0.0.1:${port[front_h2]} http2;|" \
        -e "s|\${SLUICE_WEB_SERVERS}|${webs:-server 127.0.0.1:${port[web]} max_fails=0;}|" \
        -e "s|\${SLUICE_PUBLIC_ADDRESS}|http://127.0.0.1:${port[front]}|" -e "s|\${SLUICE_FTP_ROOT}|$S/ftp|g" -e "s|\${SLUICE_NGINX_STATE}|$S/nginx|g" \
        -e "s|\${SLUICE_NGINX_ACCESS_LOG}|$S/nginx/access.log|" "$compose/nginx/nginx.conf.template" >"$S/etc/nginx.conf.new" && mv "$S/etc/nginx.conf.new" "$S/etc/nginx.conf"
}

fronts() { pgrep -P "$1" -f '^nginx: worker process$' | sort; }
are_replaced() { [ -z "$(comm -12 <(echo "$2") <(fronts "$1"))" ]; }

# tell_front [WITHOUT]: nginx takes up which Webs there are; what it has begun with others, it finishes.
tell_front() {
    local pid before
    before=$(cat "$S/etc/nginx.conf" 2>/dev/null)
    write_front "$@" || return 1
    [ "$before" != "$(<"$S/etc/nginx.conf")" ] && pid=$(alive nginx) || return 0
    before=$(fronts "$pid")
    kill -HUP "$pid"
    await nginx 10 are_replaced "$pid" "$before"
}

leave_front() { # leave_front NAME: if that is a Web, before it is stopped
    case $1 in web | web-*) tell_front "$1" ;; esac
}

start_nginx() {
    local user=$service_user
    local -a as=()
    write_front || return 1
    if is_root && [ "${port[front]}" -lt 1024 ]; then # such a port is root's to open; the workers are not root even then
        user=root
        as=(user "$service_user;")
    fi
    launch nginx "$user" nginx -c "$S/etc/nginx.conf" -e stderr -g "daemon off; ${as[*]}"
    await nginx 30 port_answers "${port[front]}"
}

# The programs to run, readable for the user they run as: where that user cannot reach them, or the Swift libraries
# they need, copies lie in the state folder (a program looks for its libraries beside itself, too).
loads() {
    local libraries
    libraries=$(run_as "$service_user" ldd "$1" 2>/dev/null) && [[ $libraries != *"not found"* ]]
}

program() {
    local name=$1 library
    [ -x "$bin/$name" ] || { say "there is no $bin/$name: make build (or start the servers alone: --servers-only)" && return 1; }
    if ! is_root || loads "$bin/$name"; then
        echo "$bin/$name"
        return 0
    fi
    install -m 755 "$bin/$name" "$S/bin/$name.new" && mv "$S/bin/$name.new" "$S/bin/$name" || return 1
    ldd "$bin/$name" 2>/dev/null | awk '$3 ~ /^\// { print $3 }' | while read -r library; do
        run_as "$service_user" test -r "$library" || install -m 644 "$library" "$S/bin/" || return 1
    done
    echo "$S/bin/$name"
}

is_live() { curl -fsS -m 2 "http://127.0.0.1:$1/live"; }
is_ready() { curl -fsS -m 2 "http://127.0.0.1:$1/ready"; }

start_web() { # start_web NAME
    local path listen probe
    path=$(program Web) || return 1
    listen=127.0.0.1:$(web_port "$1") probe=$(web_probe "$1")
    # shellcheck disable=SC1091
    (. "$S/env" && "$bin/sluice" migrate) >>"$S/logs/migrate.log" 2>&1 9>&- ||
        { say "sluice migrate failed:" && tail -n 15 "$S/logs/migrate.log" >&2 && return 1; }
    # shellcheck disable=SC1091
    (. "$S/env" && export SLUICE_LISTEN=$listen SLUICE_WEB_PROBE=127.0.0.1:$probe && launch "$1" "$service_user" "$path")
    await "$1" 60 is_live "$probe" && tell_front
}

start_worker() { # start_worker NAME
    local path probe=${port[worker_probe]}
    local -a idle=()
    path=$(program Worker) || return 1
    [ "$1" = worker ] || probe=$((probe + ${1#worker-}))
    # On one machine receiving goes first: clients wait for Web, and nobody waits for a worker.
    chrt --idle 0 true 2>/dev/null && idle=(chrt --idle 0)
    # shellcheck disable=SC1091
    (. "$S/env" && export SLUICE_WORKER_PROBE=127.0.0.1:$probe && launch "$1" "$service_user" "${idle[@]}" "$path")
    await "$1" 60 is_live "$probe"
}

start_one() {
    alive "$1" >/dev/null && return 0
    case $1 in
        web | web-*) start_web "$1" ;;
        worker | worker-*) start_worker "$1" ;;
        *) "start_$1" ;;
    esac
}

stop_one() {
    case $1 in
        postgres) stop_process postgres INT 30 ;; # fast: ends sessions, keeps what they committed
        web | web-* | worker | worker-*) stop_process "$1" TERM 45 ;;
        *) stop_process "$1" TERM 10 ;;
    esac
}
