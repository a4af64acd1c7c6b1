# shellcheck shell=bash
# The whole stack in the foreground: starts it, says how to use it, starts Web and Worker again when they crash, and ends
# everything on Ctrl-C.

declare -A restarts=()

# Passwords that everybody knows are shown where they are: on loopback.
people() {
    [ "${SLUICE_DEMO:-0}" = 1 ] || return 0
    printf '\n  log in as miami (m1cHig@n), Ange (mP789456123*) or student (Dr@g0nzzz);\n  and the letters of the picture; the code comes by mail, see below\n'
}

instructions() {
    local state=$STATE address=http://127.0.0.1:${port[front]} stack=compose/local/stack
    case $state in "$PWD"/*) state=${state#"$PWD"/} ;; esac
    # The commands find no other folder than this by themselves.
    [ "$state" = .run ] || stack="STATE=$state $stack"
    cat <<END

Sluice is at $address
$(people)

  files on the FTP server   $state/ftp
  mail                      $state/mail/new
  logs                      $state/logs

In another terminal:

  . $state/env
  sluice user add ada --email ada@example.org
  TOKEN=\$(sluice token add ada)
  curl -H "Authorization: Bearer \$TOKEN" -F file=@README.md $address/api/v1/files
  curl -H "Authorization: Bearer \$TOKEN" $address/api/v1/files

  $stack start worker-1       one more worker
  $stack start web-1          one more Web
  $stack status

Ctrl-C ends it all.
END
}

# One that keeps crashing is started again ever more rarely: after 1, 2, 4 … at most 32 seconds.
revive() {
    local name=$1 count=${restarts[$1]:-0}
    say "$name crashed ($S/logs/$name.log); starting it again"
    pause $((1 << (count < 5 ? count : 5)))
    [ -z "$interrupted" ] || return
    restarts[$name]=$((count + 1))
    lock
    if recorded "$name" && ! alive "$name" >/dev/null; then
        start_one "$name" || record_crash "$name"
    fi
    unlock
}

record_crash() { echo 0 | tee "$S/pids/$1.pid" >"$S/pids/.$1.born"; }

watch_over() {
    local name
    for name in $(ours); do
        alive "$name" >/dev/null && continue
        case $name in
            web | web-* | worker | worker-*) revive "$name" ;;
            *) [ -n "${restarts[$name]:-}" ] || { restarts[$name]=1 && say "$name crashed ($S/logs/$name.log); start it again: $0 start $name"; } ;;
        esac
    done
}

# A signal ends this wait at once; a sleep in the foreground it would not.
pause() {
    sleep "$1" &
    wait $!
}

run() {
    # shellcheck disable=SC2046
    up $(everything)
    instructions
    while [ -z "$interrupted" ]; do
        pause 1
        if [ -z "$(ours)" ]; then say "the stack was ended elsewhere" && exit 0; fi
        [ -n "$interrupted" ] || watch_over
    done
    echo
    say "ending everything"
    lock
    down
}
